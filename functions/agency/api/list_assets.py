"""GET /v1/projects/{project_id}/assets: the files, with signed URLs that expire."""

from datetime import timedelta
from uuid import UUID

from functions.agency import service
from shared.bootstrap import container
from shared.errors import FieldProblem, Invalid, NotFound
from shared.http.capability import authorise
from shared.http.endpoint import Response, endpoint
from shared.http.request import Request, cursor_after
from shared.models.asset import Asset, AssetList, AssetOut


def _chosen_run(request: Request) -> UUID | None:
    run = request.query("run")
    try:
        return None if run is None else UUID(run)
    except ValueError as error:
        raise Invalid(
            "The query is not valid.", (FieldProblem("/run", "must be the id of a run"),)
        ) from error


def _out(asset: Asset) -> AssetOut:
    own = container()
    seconds = own.storage.signed_url_seconds
    expires = own.clock.now() + timedelta(seconds=seconds)
    url = own.objects.signed_url(
        asset.bucket,
        asset.key,
        seconds=seconds,
        filename=asset.filename,
        content_type=asset.content_type,
        version=asset.version,
    )
    return AssetOut(
        id=str(asset.id),
        run_id=str(asset.run_id),
        type=asset.type.value,
        path=asset.path,
        filename=asset.filename,
        content_type=asset.content_type,
        size_bytes=asset.size_bytes,
        sha256=asset.sha256,
        url=url,
        url_expires_at=expires.replace(microsecond=0).isoformat(),
        created_at=asset.created_at.isoformat(),
    )


@endpoint("agency.list_assets")
def handler(request: Request) -> Response:
    """Answer a page of assets, of one run when `run` is given."""
    own = container()
    caller = authorise(request, own.capability_key, own.clock.now())
    project_id = request.path_id("project_id")
    if project_id != caller.project_id:
        raise NotFound("There is no such project.")
    limit, after = request.page()
    run_id = _chosen_run(request)
    with own.database.transaction(caller.tenant_id) as work:
        found = service.list_assets(work, project_id, run_id=run_id, after=after, limit=limit + 1)
    page = found[:limit]
    cursor = cursor_after(page[-1].id) if len(found) > limit else None
    return Response(AssetList(data=[_out(asset) for asset in page], next_cursor=cursor))
