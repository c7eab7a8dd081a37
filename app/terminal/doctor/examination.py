"""Runs all checks, in the order in which they are shown."""

import asyncio
from datetime import UTC, datetime

from app.core.assistants_file import named_variables as secret_variables
from app.core.config import Settings
from app.core.config_loading import SettingsError, load_settings
from app.core.providers_file import named_variables
from app.terminal.doctor.capacity_checks import open_files_finding
from app.terminal.doctor.content_checks import content_findings
from app.terminal.doctor.data_checks import database_findings, log_finding, storage_findings
from app.terminal.doctor.embedding_check import embedding_findings
from app.terminal.doctor.findings import Finding
from app.terminal.doctor.interpreter_check import interpreter_finding
from app.terminal.doctor.network_checks import port_finding, redis_findings, upstream_findings
from app.terminal.doctor.setup_checks import (
    clock_finding,
    fence_finding,
    python_finding,
    safety_findings,
    settings_findings,
)


def examine() -> list[Finding]:
    """Run all checks; if the settings are invalid, only those that don't need them."""
    findings = [python_finding(), clock_finding(datetime.now(UTC)), fence_finding()]
    try:
        settings = load_settings()
    except SettingsError as error:
        return findings + settings_findings(error)
    of_files = named_variables(settings.providers_file)
    of_files |= secret_variables(settings.assistants_file)
    findings += settings_findings(None, of_files)
    findings += safety_findings(settings)
    findings.append(open_files_finding(settings))
    findings.append(interpreter_finding(settings))
    findings += database_findings(settings)
    findings += asyncio.run(_ask_others(settings))
    findings += [port_finding(settings), log_finding(settings)]
    return findings + content_findings(settings)


async def _ask_others(settings: Settings) -> list[Finding]:
    """Run the checks of slow services concurrently."""
    answers = await asyncio.gather(
        storage_findings(settings),
        upstream_findings(settings),
        embedding_findings(settings),
        redis_findings(settings),
    )
    return [finding for found in answers for finding in found]
