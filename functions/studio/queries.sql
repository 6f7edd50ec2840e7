-- insert_project --
-- Adds the completed code project of a run.
INSERT INTO studio.generated_projects
    (tenant_id, project_id, run_id, output_directory, status, total_files, total_size, completed_at)
VALUES
    (%(tenant_id)s, %(project_id)s, %(run_id)s, %(output_directory)s, 'completed', %(total_files)s,
     %(total_size)s, now())
RETURNING id;

-- insert_file --
-- Adds a file of a code project; the preview is its first 1,000 characters.
INSERT INTO studio.project_files
    (tenant_id, generated_project_id, file_path, file_name, file_type, file_size, content_hash,
     content_preview)
VALUES
    (%(tenant_id)s, %(generated_project_id)s, %(file_path)s, %(file_name)s, %(file_type)s, %(file_size)s,
     %(content_hash)s, %(content_preview)s);
