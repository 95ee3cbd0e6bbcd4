"""The breach: a sprayed password, a tired thumb, and a line of code that told too much.

Two days before, a coding agent asked to make a failing export easier to debug attached the whole environment to the
error it logs; CI built it, a person approved it, it was rolled out. Then someone sprays passwords, gets one right,
pushes until the account's holder gives in, reads the repository, makes the export fail, reads the credential out of
the log, becomes the export role, switches a trail off, and takes the data.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from vestige.demo.cast import INTRUDER_ADDRESS, OFFICE, SPRAY_ADDRESSES
from vestige.demo.chance import stream, uuid
from vestige.demo.clock import HOUR, MINUTE
from vestige.demo.menus import APP, DEPLOYS
from vestige.demo.scenario import Channel, Scenario
from vestige.demo.scenarios.breach_innocents import innocents, what_went_wrong_on_the_way
from vestige.demo.shapes.auth import Auth
from vestige.demo.shapes.cloudtrail import ACCOUNT, CloudTrail, assumed, role_answer, user
from vestige.demo.shapes.declared import Declared
from vestige.demo.shapes.hooks import MODEL, Hooks
from vestige.demo.shapes.okta import Okta

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vestige.demo.cast import Cast
    from vestige.demo.story import Story
    from vestige.demo.writing import Shape, Writing

REPOSITORY = "example/export-service"
AGENT = "claude-code.hooks"
"""What the format of hooks calls its source."""
SERVICE_KEY = "AKIADEMOXPORTEXAMPLE"
CLOCK_ERROR = -7 * MINUTE
"""Of the CI system: it runs behind, so what it did seems to come before its cause."""


def tell(story: Story, cast: Cast) -> Sequence[Shape]:
    """The story from its cause to its end, then what only looks like it."""
    okta, cloud, auth = Okta(cast), CloudTrail(cast), Auth(cast)
    deploys = Declared(cast, "deploys", DEPLOYS)
    app = Declared(cast, "app", APP, time_field="timestamp")
    agent = Hooks(cast, AGENT)

    _the_line_is_written(story, cast, agent)
    _the_line_is_deployed(story, cast, deploys)
    _an_account_is_taken(story, cast, okta)
    _a_credential_is_found(story, cast, deploys, app, auth)
    _the_data_leaves(story, cloud)

    innocents(story, cast, okta, cloud, auth, deploys)
    what_went_wrong_on_the_way(story, cast, okta, auth, deploys, app)
    return okta, cloud, auth, deploys, app, agent


def _the_line_is_written(story: Story, cast: Cast, agent: Hooks) -> None:
    commit = cast.commit("environment in the error report")
    root = f"/home/{cast.person('robin.slate').name}/src/export-service"
    path = "services/export/errors.py"
    said = partial(agent.heard, session=uuid(stream(cast.seed, "agent", "session")), root=root)

    def act(clock: str, what: str, writing: Writing) -> None:
        story.step("vulnerable_line", story.at(clock, -2), what, writing)

    def ran(command: str, printed: str, commit: str = "") -> Writing:
        return said(
            "PostToolUse",
            event_type="agent.command",
            outcome="success",
            commit=commit,
            tool_name="Bash",
            tool_use_id=agent.call(),
            tool_input={"command": command},
            tool_response={"stdout": printed, "stderr": "", "interrupted": False},
        )

    act(
        "09:05:12.120",
        "a coding session begins",
        said("SessionStart", event_type="agent.session_started", source="startup", model=MODEL),
    )
    act(
        "09:05:40.871",
        "the developer asks for more context in the error",
        said(
            "UserPromptSubmit",
            event_type="agent.prompt",
            prompt="the export job fails in staging and the log says nothing useful; attach more context to the error",
        ),
    )
    act(
        "09:06:02.004",
        "the agent reads the error reporter",
        said(
            "PreToolUse",
            event_type="agent.tool_use",
            tool_name="Read",
            tool_use_id=agent.call(),
            tool_input={"file_path": f"{root}/{path}"},
        ),
    )
    act(
        "09:07:31.519",
        "the agent writes the line that attaches the whole environment",
        said(
            "PostToolUse",
            event_type="agent.edit",
            outcome="success",
            tool_name="Edit",
            tool_use_id=agent.call(),
            tool_input={
                "file_path": f"{root}/{path}",
                "old_string": "    context = {}",
                "new_string": "    context = dict(os.environ)",
            },
            tool_response={
                "filePath": f"{root}/{path}",
                "structuredPatch": [
                    {
                        "oldStart": 41,
                        "oldLines": 1,
                        "newStart": 41,
                        "newLines": 1,
                        "lines": ["-    context = {}", "+    context = dict(os.environ)"],
                    }
                ],
            },
        ),
    )
    act("09:08:15.300", "tests pass; none looks at the line", ran("pytest services/export", "42 passed in 3.10s"))
    act(
        "09:29:40.702",
        "the change is committed",
        ran('git commit -qam "export: more context in error reports" && git rev-parse HEAD', commit, commit),
    )
    act(
        "09:30:02.018",
        "the session ends",
        said("SessionEnd", event_type="agent.session_ended", reason="prompt_input_exit"),
    )


def _the_line_is_deployed(story: Story, cast: Cast, deploys: Declared) -> None:
    developer, reviewer = cast.person("robin.slate"), cast.person("sasha.harbor")
    about = {"service": "export", "repository": REPOSITORY, "commit": cast.commit("environment in the error report")}
    version = "2026.11.18-3"
    phase = "deploy"
    story.step(
        phase,
        story.at("09:31:05.400", -2),
        "the commit is pushed (the clock here says it was before it was made)",
        deploys.event("code.pushed", "robin.slate pushed export-error-context", by=developer, ip=OFFICE, **about),
    )
    story.step(
        phase,
        story.at("09:36:48.950", -2),
        "CI passes",
        deploys.event("ci.run", "pipeline of export passed in 318 s", by="ci", host="ci-runner-2", **about),
    )
    story.step(
        phase,
        story.at("09:50:11.265", -2),
        "a colleague approves the change",
        deploys.event("code.reviewed", "sasha.harbor approved export-error-context", by=reviewer, ip=OFFICE, **about),
    )
    story.step(
        phase,
        story.at("10:02:00.031", -2),
        "the roll-out begins",
        deploys.event(
            "deploy.started", f"roll-out of export {version} began", by="ci", outcome="", version=version, **about
        ),
    )
    story.step(
        phase,
        story.at("10:06:27.744", -2),
        "the line is in production",
        deploys.event(
            "deploy.completed", f"roll-out of export {version} ended well", by="ci", version=version, **about
        ),
    )


def _an_account_is_taken(story: Story, cast: Cast, okta: Okta) -> None:
    victim, session = cast.person("jordan.ember"), "idxDemoJordanFromAfar"
    attempts = story.amount(12, 240)
    for n, at in enumerate(story.spread(attempts, story.at("07:40:00"), story.at("08:25:00"))):
        target = victim if n == attempts // 2 else cast.people[n * 7 % len(cast.people)]
        spray = okta.sign_in(target, SPRAY_ADDRESSES[n % 4], refused="INVALID_CREDENTIALS")
        story.step("password_spray", at, "one password is tried on one account after the other", spray)
    story.step(
        "first_success",
        story.at("08:26:10.332"),
        "a password fits, from an address never seen with this account",
        okta.sign_in(victim, INTRUDER_ADDRESS, session=session),
    )
    for at in story.spread(6, story.at("08:27:00"), story.at("08:42:00")):
        push = okta.denied_push(victim, INTRUDER_ADDRESS, session=session)
        story.step("mfa_fatigue", at, "the account's holder rejects a push", push)
    story.step(
        "mfa_fatigue",
        story.at("08:42:30.905"),
        "the seventh push is approved",
        okta.second_factor(victim, INTRUDER_ADDRESS, session=session),
    )
    story.step(
        "token_issued",
        story.at("08:43:05.118"),
        "a token for the code host is handed out",
        okta.token(victim, INTRUDER_ADDRESS, session=session),
    )


def _a_credential_is_found(story: Story, cast: Cast, deploys: Declared, app: Declared, auth: Auth) -> None:
    victim, trace = cast.person("jordan.ember"), "5f0e7d3a9b1c4d62a8e4f7012b9c6d31"
    story.step(
        "repository_access",
        story.at("08:51:19.480"),
        "the repository is cloned with the token",
        deploys.event(
            "repository.accessed",
            f"clone of {REPOSITORY} by jordan.ember",
            by=victim,
            ip=INTRUDER_ADDRESS,
            subject=REPOSITORY,
            repository=REPOSITORY,
        ),
    )
    # The host api-3 could not reach the log collector until 09:38.
    story.step(
        "credential_found",
        story.at("09:12:44.067"),
        "an export is made to fail; the error carries the environment of the service (its record comes late)",
        app.event(
            "service.error",
            "export: format 'xx' unknown; context attached: 37 variables of the environment",
            by=victim,
            outcome="failure",
            severity="high",
            ip=INTRUDER_ADDRESS,
            host="api-3",
            trace=trace,
            service="export",
            path="services/export/errors.py",
            line=41,
        ),
        arrives=story.at("09:38:02.500"),
    )
    sighted = (
        ("09:20:31", "bastion-1", INTRUDER_ADDRESS, "the bastion is entered with a certificate of the account"),
        ("09:22:05", "export-1", "10.20.0.5", "from there, the export host"),
    )
    for clock, host, ip, what in sighted:
        story.step("credential_found", story.at(clock), what, auth.accepted(host, victim.name, ip))
    story.step(
        "credential_found",
        story.at("09:22:05.400"),
        "a session is opened on the export host",
        auth.opened("export-1", victim.name),
    )
    story.step(
        "credential_found",
        story.at("09:24:11"),
        "the service's log is read as root: the credential is in it",
        auth.sudo("export-1", victim.name, "/usr/bin/journalctl -u export-service --since -20min"),
    )


def _the_data_leaves(story: Story, cloud: CloudTrail) -> None:
    service = user("svc-export-deploy", SERVICE_KEY)
    key = cloud.new_key()
    exporter = assumed("export-admin", "maintenance", key)
    role = f"arn:aws:iam::{ACCOUNT}:role/"
    ip = INTRUDER_ADDRESS
    story.step(
        "role_assumed",
        story.at("09:41:07"),
        "the credential is tried from the intruder's address",
        cloud.call("GetCallerIdentity", service, ip),
    )
    story.step(
        "role_assumed",
        story.at("09:41:52"),
        "the greatest role is refused",
        cloud.call(
            "AssumeRole",
            service,
            ip,
            given={"roleArn": role + "org-admin", "roleSessionName": "maintenance"},
            refused="User: svc-export-deploy is not authorized to perform: sts:AssumeRole",
        ),
    )
    story.step(
        "role_assumed",
        story.at("09:42:20"),
        "the export role is assumed",
        cloud.call(
            "AssumeRole",
            service,
            ip,
            given={"roleArn": role + "export-admin", "roleSessionName": "maintenance"},
            answer=role_answer("export-admin", "maintenance", key),
            keys=(("token", key),),
        ),
    )
    story.step(
        "logging_disabled",
        story.at("09:47:33"),
        "the trail of the data accounts is switched off (the organisation's, which is this one, is not)",
        cloud.call("StopLogging", exporter, ip, given={"name": "export-data-trail"}),
    )
    story.step(
        "bulk_export",
        story.at("09:53:02"),
        "a snapshot of the customer database is exported",
        cloud.call(
            "StartExportTask",
            exporter,
            ip,
            given={
                "exportTaskIdentifier": "maint-1120",
                "sourceArn": "customers-daily",
                "s3BucketName": "example-exports",
            },
        ),
    )
    parts = story.amount(5, 400)
    for n, at in enumerate(story.spread(parts, story.at("10:05:00"), story.at("11:20:00"))):
        part = {"bucketName": "example-exports", "key": f"maint-1120/customers/part-{n:05}.parquet"}
        story.step(
            "bulk_export", at, "a part of the export is fetched", cloud.call("GetObject", exporter, ip, given=part)
        )


BREACH = Scenario(
    name="breach",
    title="A breach in six sources",
    telling=(
        "Password spraying, one success from a new address, MFA push fatigue, a token, repository access, a "
        "credential found in an error report, a cloud role assumed, logging switched off, a bulk export. The line "
        "that made it possible was written in a coding agent's session two days before and rolled out by CI."
    ),
    hours=72,
    channels=(
        Channel("okta", "okta", "okta/system_log.jsonl", 22),
        Channel("cloudtrail", "cloudtrail", "cloudtrail", 22, layout="cloudtrail"),
        Channel("auth", "syslog", "linux/auth.log", 26, layout="rotated"),
        Channel(
            "deploys",
            "json",
            "ci/deploys.ndjson",
            8,
            clock_error=CLOCK_ERROR,
            clock_evidence="the push of a commit bears a time before the coding session that made the commit",
        ),
        Channel("app", "json", "app/errors.jsonl", 14),
        Channel(AGENT, "claude_code_hooks", "agent/hooks.jsonl", 8),
    ),
    tell=tell,
    # Day -1, 06:25: where logrotate's daily run usually is.
    rotated_before_end=35 * HOUR + 35 * MINUTE,
)
