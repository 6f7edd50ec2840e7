"""The kit as one archive: the same files give the same bytes."""

from __future__ import annotations

from io import BytesIO

from functions.agency.pipeline import Artifact, Brief
from functions.agency.repository import AgencyRepository
from functions.studio.service import write_zip
from shared.bootstrap import Container
from shared.models.asset import AssetType

KIT_PATH = "exports/kit.zip"


def pack_kit(own: Container, brief: Brief, readme: str) -> Artifact:
    """Return the archive of every file that a run has made, with a README.txt at its top."""
    with own.database.transaction(brief.run.tenant_id) as work:
        assets = AgencyRepository(work).list_assets(brief.project.id, run_id=brief.run.id)
    files = [
        (asset.path, own.objects.get(asset.bucket, asset.key, asset.version))
        for asset in assets
        if asset.path != KIT_PATH
    ]
    sink = BytesIO()
    write_zip([("README.txt", readme.encode()), *files], sink)
    return Artifact(KIT_PATH, AssetType.OTHER, "application/zip", sink.getvalue())
