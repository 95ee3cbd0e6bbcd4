"""Formats of cloud, identity and collaboration services' audit logs."""

from vestige.sources.cloud.aws_access import ELB_FORMAT, S3_ACCESS_FORMAT
from vestige.sources.cloud.azure_activity import FORMAT as AZURE_ACTIVITY
from vestige.sources.cloud.azure_portal import FORMAT as AZURE_PORTAL
from vestige.sources.cloud.cloudtrail import FORMAT as CLOUDTRAIL
from vestige.sources.cloud.cloudtrail_digest import FORMAT as CLOUDTRAIL_DIGEST
from vestige.sources.cloud.entra import FORMAT as ENTRA
from vestige.sources.cloud.gcp_audit import FORMAT as GCP_AUDIT
from vestige.sources.cloud.git_webhook import FORMAT as GIT_WEBHOOK
from vestige.sources.cloud.github_audit import FORMAT as GITHUB_AUDIT
from vestige.sources.cloud.github_webhook import FORMAT as GITHUB_WEBHOOK
from vestige.sources.cloud.gitlab_webhook import FORMAT as GITLAB_WEBHOOK
from vestige.sources.cloud.google_workspace import FORMAT as GOOGLE_WORKSPACE
from vestige.sources.cloud.kubernetes_audit import FORMAT as KUBERNETES_AUDIT
from vestige.sources.cloud.log_analytics import FORMAT as LOG_ANALYTICS
from vestige.sources.cloud.m365 import FORMAT as M365
from vestige.sources.cloud.okta import FORMAT as OKTA
from vestige.sources.cloud.saas_audit import service_format
from vestige.sources.cloud.saas_code import SERVICES as CODE
from vestige.sources.cloud.saas_identity import SERVICES as IDENTITY
from vestige.sources.cloud.saas_security import SERVICES as SECURITY
from vestige.sources.cloud.saas_work import SERVICES as WORK
from vestige.sources.cloud.slack_events import FORMAT as SLACK_EVENTS
from vestige.sources.cloud.vpc_flow import FORMAT as VPC_FLOW
from vestige.sources.contract import Format

FORMATS: tuple[Format, ...] = (
    CLOUDTRAIL,
    CLOUDTRAIL_DIGEST,
    OKTA,
    ENTRA,
    M365,
    GITHUB_AUDIT,
    GITHUB_WEBHOOK,
    GITLAB_WEBHOOK,
    GIT_WEBHOOK,
    SLACK_EVENTS,
    GOOGLE_WORKSPACE,
    GCP_AUDIT,
    AZURE_ACTIVITY,
    AZURE_PORTAL,
    LOG_ANALYTICS,
    KUBERNETES_AUDIT,
    VPC_FLOW,
    S3_ACCESS_FORMAT,
    ELB_FORMAT,
    *map(service_format, (*IDENTITY, *WORK, *CODE, *SECURITY)),
)
