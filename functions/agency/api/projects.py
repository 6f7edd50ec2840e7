"""/v1/projects: what the agents found and made."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated
from uuid import UUID

from functions.agency import service
from functions.identity import service as identity
from functions.marketing import service as marketing
from shared.http.call import Call
from shared.http.paging import page_of
from shared.http.resource import Resource
from shared.models.asset import Asset, AssetList, AssetOut
from shared.models.base import PageQuery
from shared.models.project import ProjectList, ProjectOut
from shared.settings import PreviewSettings

projects = Resource("agency.projects")
handler = projects.handler


class AssetQuery(PageQuery):
    """Which assets: of one run, when given."""

    run: Annotated[UUID | None, "the id of a run"] = None


@projects.operation(query=PageQuery, answer=ProjectList)
def list_projects(call: Call[None]) -> ProjectList:
    """List the projects, newest first."""
    only = call.caller.project_id
    found = page_of(
        call.asked(PageQuery),
        lambda after, limit: service.list_projects(call.work, only=only, after=after, limit=limit),
        service.project_summary,
    )
    return ProjectList(**found)


@projects.operation(answer=ProjectOut)
def get_project(call: Call[None]) -> ProjectOut:
    """Read a project with its newest campaign and webhook; a fork that still runs has none yet."""
    project_id = call.path_id("project_id")
    call.see_project(project_id)
    project, runs = service.get_project(call.work, project_id)
    campaigns = (marketing.get_campaign(call.work, run) for run in runs)
    webhooks = (identity.get_webhook_outcome(call.work, "project_completed", run) for run in runs)
    campaign, webhook = next(filter(None, campaigns), None), next(filter(None, webhooks), None)
    return service.project_out(project, runs, campaign, webhook)


@projects.operation(query=AssetQuery, answer=AssetList)
def list_assets(call: Call[None]) -> AssetList:
    """List the files of a project, with signed URLs that expire."""
    project_id = call.path_id("project_id")
    call.see_project(project_id)
    query = call.asked(AssetQuery)

    def read(after: UUID | None, limit: int) -> list[Asset]:
        return service.list_assets(call.work, project_id, run_id=query.run, after=after, limit=limit)

    return AssetList(**page_of(query, read, lambda asset: _signed(call, asset)))


def _signed(call: Call[None], asset: Asset) -> AssetOut:
    own = call.own
    seconds = own.storage.signed_url_seconds
    expires = call.now + timedelta(seconds=seconds)
    url = own.objects.signed_url(
        asset.bucket,
        asset.key,
        seconds=seconds,
        filename=asset.filename,
        content_type=asset.content_type,
        version=asset.version,
        previews_url=own.settings(PreviewSettings).previews_url,
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
