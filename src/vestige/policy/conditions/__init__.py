"""The conditions, a family a file. A condition is a policy's type: its parameters, and what it says of a commit."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from vestige.policy.conditions.commits import CommitTrailers, HumanReviewRequired
from vestige.policy.conditions.expression import Expr
from vestige.policy.conditions.lines import AiPercentageThreshold, SensitivePath, UnattributedMax
from vestige.policy.conditions.sessions import (
    CoverageMin,
    McpServerAllowlist,
    ModelAllowlist,
    PermissionModeForbidden,
    SecretInSession,
    TraceCompleteness,
)
from vestige.policy.conditions.tools import ConditionalToolCall, RequiredToolCall, TokenBudget

AnyPolicy = Annotated[
    TraceCompleteness
    | AiPercentageThreshold
    | ModelAllowlist
    | SensitivePath
    | RequiredToolCall
    | ConditionalToolCall
    | TokenBudget
    | Expr
    | CoverageMin
    | UnattributedMax
    | HumanReviewRequired
    | SecretInSession
    | PermissionModeForbidden
    | McpServerAllowlist
    | CommitTrailers,
    Field(discriminator="type"),
]

__all__ = ["AnyPolicy"]
