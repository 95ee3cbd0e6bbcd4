"""The chart: what it renders is held against Kubernetes' own schemas, and to what docs/deployment.md promises of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import kubernetes_validate
import pytest
import yaml

from support.charts import CHART, ROOT, ValuesError, objects, rendered
from support.deploying import PLAIN, SECRETS, routes
from support.gotemplates import TemplateError, Templates
from vestige.settings import load

if TYPE_CHECKING:
    from collections.abc import Iterator

OLDEST, NEWEST = "1.27", "1.37"
WITHOUT_SCHEMA = {"ServiceMonitor"}
"""Not of Kubernetes itself, so in none of its schemas."""
FULL: dict[str, Any] = {
    "image": {"digest": f"sha256:{'0' * 64}"},
    "imagePullSecrets": [{"name": "registry"}],
    "serviceAccount": {"annotations": {"iam": "role"}},
    "database": {"existingSecret": "stores"},
    "index": {"existingSecret": "stores"},
    "signer": {"existingSecret": "key", "persistence": {"storageClass": "other"}},
    "data": {"persistence": {"storageClass": "fast"}},
    "settings": {"LOG_LEVEL": "info", "LIMIT_BODY_BYTES": "1073741824"},
    "secretSettings": {"ALARM_SECRET": {"name": "alarm", "key": "secret"}},
    "extraEnv": [{"name": "AWS_REGION", "value": "eu-central-1"}],
    "tls": {"existingSecret": "own"},
    "service": {"annotations": {"a": "b"}},
    "ingress": {
        "enabled": True,
        "className": "nginx",
        "host": "vestige.example.org",
        "tlsSecret": "web",
        "annotations": {"nginx.ingress.kubernetes.io/backend-protocol": "HTTPS"},
    },
    "networkPolicy": {
        "from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress-nginx"}}}],
        "egress": [{"ports": [{"port": 443, "protocol": "TCP"}]}],
    },
    "podDisruptionBudget": {"enabled": True},
    "serviceMonitor": {"enabled": True, "existingSecret": "metrics", "labels": {"release": "prometheus"}},
    "podAnnotations": {"a": "1"},
    "podLabels": {"team": "responders"},
    "nodeSelector": {"disk": "ssd"},
    "tolerations": [{"key": "evidence", "operator": "Exists"}],
    "affinity": {"nodeAffinity": {}},
}
STATEFULSET = (CHART / "templates" / "statefulset.yaml").read_text(encoding="utf-8")


def refused(found: list[dict[str, Any]], version: str) -> list[str]:
    """What Kubernetes of this version would refuse, unknown fields included."""
    told = []
    for one in found:
        if one["kind"] in WITHOUT_SCHEMA:
            continue
        try:
            kubernetes_validate.validate(one, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            told.append(f"{one['kind']}: {error.message}")
    return told


def of_kind(found: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    return next(one for one in found if one["kind"] == kind)


def _of_probes(container: dict[str, Any]) -> Iterator[str]:
    ports = {port["name"] for port in container["ports"]}
    for name in ("startupProbe", "livenessProbe", "readinessProbe"):
        probe = container.get(name, {}).get("httpGet", {})
        if probe.get("path") not in routes() or probe.get("port") not in ports:
            yield f"{name} asks for nothing that is there"
        if (probe.get("scheme") == "HTTPS") == ("--insecure" in container["args"]):
            yield f"{name} speaks otherwise than the server"


def _of_services(found: list[dict[str, Any]], template: dict[str, Any]) -> Iterator[str]:
    ports = {port["name"] for port in template["spec"]["containers"][0]["ports"]}
    for one in found:
        if one["kind"] == "Service":
            if {port["targetPort"] for port in one["spec"]["ports"]} - ports:
                yield "a service to a port that is not there"
            if not one["spec"]["selector"].items() <= template["metadata"]["labels"].items():
                yield "a service that finds no pod"


def faults(found: list[dict[str, Any]]) -> list[str]:
    """What a restricted namespace would refuse, and what would be a second holder of what has one."""
    stateful = of_kind(found, "StatefulSet")["spec"]
    pod = stateful["template"]["spec"]
    (container,) = pod["containers"]
    whole, own = pod.get("securityContext", {}), container.get("securityContext", {})
    mounted = {mount["name"] for mount in container["volumeMounts"]}
    claims = {one["metadata"]["name"] for one in stateful["volumeClaimTemplates"]}
    wrong = {
        "two servers of one data directory": stateful.get("replicas") != 1,
        "may run as root": whole.get("runAsNonRoot") is not True or not whole.get("runAsUser"),
        "may make every system call": whole.get("seccompProfile") != {"type": "RuntimeDefault"},
        "may gain privileges": own.get("allowPrivilegeEscalation") is not False or own.get("privileged"),
        "has capabilities": own.get("capabilities") != {"drop": ["ALL"]},
        "its file system can be written": own.get("readOnlyRootFilesystem") is not True,
        "is given a token of the cluster": pod.get("automountServiceAccountToken") is not False,
        "variables of services named vestige would be unknown settings": pod.get("enableServiceLinks") is not False,
        "may take all memory": "memory" not in container["resources"].get("limits", {}),
        "mounts other volumes than there are": mounted != {one["name"] for one in pod["volumes"]} | claims,
    }
    told = [fault for fault, is_so in wrong.items() if is_so]
    return [*told, *_of_services(found, stateful["template"]), *_of_probes(container)]


@pytest.mark.parametrize("values", [{}, FULL], ids=["defaults", "everything"])
def test_kubernetes_takes_what_is_rendered(values: dict[str, Any]) -> None:
    found = objects(values)
    assert refused(found, OLDEST) == refused(found, NEWEST) == []
    assert faults(found) == []
    kinds = sorted(one["kind"] for one in found)
    few = ["NetworkPolicy", "Service", "Service", "ServiceAccount", "StatefulSet"]
    assert kinds == (sorted([*few, "Ingress", "PodDisruptionBudget", "ServiceMonitor"]) if values else few)
    assert len({(one["kind"], one["metadata"]["name"]) for one in found}) == len(found)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("        runAsNonRoot: true\n", ""),
        ("runAsNonRoot: true", "runAsNonRoot: false"),
        ("          type: RuntimeDefault", "          type: Unconfined"),
        ("allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true"),
        ("drop: [ALL]", "drop: [ALL]\n              add: [NET_ADMIN]"),
        ("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false"),
        ("automountServiceAccountToken: false", "automountServiceAccountToken: true"),
        ("      enableServiceLinks: false\n", ""),
        ("replicas: 1", "replicas: 2"),
        ("path: /healthz", "path: /health"),
        ("- name: http\n", "- name: web\n"),
        ("            - name: scratch\n              mountPath: /tmp\n", ""),
        ("            - --insecure\n", "            - --demo\n"),
    ],
)
def test_a_chart_that_promises_less_is_noticed(old: str, new: str) -> None:
    assert old in STATEFULSET
    assert faults(objects(changed={"statefulset.yaml": STATEFULSET.replace(old, new)})) != []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("imagePullPolicy:", "imagePullPolice:"),
        ("replicas: 1", "replicas: one"),
        ("containerPort: 8080", "containerPort: http"),
        ("accessModes: [ReadWriteOnce]", "accessModes: ReadWriteOnce"),
        ("  serviceName: ", "  serviceNames: "),
    ],
)
def test_what_kubernetes_would_refuse_is_noticed(old: str, new: str) -> None:
    assert old in STATEFULSET
    assert refused(objects(changed={"statefulset.yaml": STATEFULSET.replace(old, new)}), NEWEST) != []


@pytest.mark.parametrize("values", [{}, FULL], ids=["defaults", "everything"])
def test_the_server_understands_its_environment(values: dict[str, Any]) -> None:
    pod = of_kind(objects(values), "StatefulSet")["spec"]["template"]["spec"]
    given = pod["containers"][0]["env"]
    assert len({one["name"] for one in given}) == len(given)
    secret = {one["name"].removeprefix("VESTIGE_") for one in given if "valueFrom" in one}
    plain = {one["name"]: one["value"] for one in given if "value" in one and one["name"].startswith("VESTIGE_")}
    assert secret <= SECRETS
    tls = {name: plain.pop(name) for name in ("VESTIGE_TLS_CERT", "VESTIGE_TLS_KEY") if name in plain}
    settings = load(plain)
    mounts = {one["mountPath"] for one in pod["containers"][0]["volumeMounts"]}
    assert {str(settings.data.parent), str(settings.signer.parent)} <= mounts
    assert pod["containers"][0]["ports"][0]["containerPort"] == settings.port
    if values:
        assert set(tls.values()) == {"/etc/vestige/tls/tls.crt", "/etc/vestige/tls/tls.key"}
        assert settings.public_url == "https://vestige.example.org"
        assert secret == {"DATABASE_URL", "DATABASE_OWNER_URL", "INDEX_URL", "KEY_ENCRYPTION_KEY", "ALARM_SECRET"}
        assert settings.limit_body_bytes == 1 << 30


def test_the_service_monitor_asks_one_service_for_the_metrics() -> None:
    found = objects(FULL)
    monitor = of_kind(found, "ServiceMonitor")["spec"]
    wanted = monitor["selector"]["matchLabels"].items()
    services = [one for one in found if one["kind"] == "Service" and wanted <= one["metadata"]["labels"].items()]
    (endpoint,) = monitor["endpoints"]
    assert [port["name"] for one in services for port in one["spec"]["ports"]] == [endpoint["port"]]
    assert endpoint["path"] in routes()
    assert endpoint["scheme"] == "https"


def test_without_a_rule_nobody_outside_the_namespace_comes_in() -> None:
    policy = of_kind(objects(), "NetworkPolicy")["spec"]
    assert policy["ingress"] == [{"from": [{"podSelector": {}}], "ports": [{"port": "http", "protocol": "TCP"}]}]
    assert [port["port"] for rule in policy["egress"] for port in rule["ports"]] == [53, 53]
    reached = of_kind(objects(FULL), "NetworkPolicy")["spec"]["egress"]
    assert [port["port"] for rule in reached for port in rule["ports"]] == [53, 53, 5432, 8123, 443]


@pytest.mark.parametrize(
    "values",
    [
        {"replicaCount": 2},
        {"settings": {"LOG_LEVLE": "info"}},
        {"settings": {"LIMIT_RATIO": 400}},
        {"settings": {"ALARM_SECRET": "in clear"}},
        {"settings": {"DATA": "/elsewhere"}},
        {"secretSettings": {"LOG_LEVEL": {"name": "a", "key": "b"}}},
        {"extraEnv": [{"name": "VESTIGE_LOG_LEVEL", "value": "info"}]},
        {"ingress": {"enabled": True, "host": "vestige.example.org"}},
        {"ingress": {"enabled": True, "tlsSecret": "web"}},
        {"ingress": {"host": "https://vestige.example.org"}},
        {"serviceMonitor": {"enabled": True}},
        {"image": {"digest": "latest"}},
        {"readinessPath": "/"},
        {"data": {"persistence": {"size": 100}}},
    ],
    ids=json.dumps,
)
def test_values_that_mean_nothing_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValuesError):
        objects(values)


def test_an_address_beside_an_ingress_is_refused() -> None:
    address = {"settings": {"PUBLIC_URL": "https://other.example.org"}}
    assert rendered(address)
    with pytest.raises(TemplateError, match="PUBLIC_URL"):
        rendered(FULL | address)


def test_the_schema_knows_every_setting_and_no_other() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())["properties"]
    plain, secret = (set(schema[name]["propertyNames"]["enum"]) for name in ("settings", "secretSettings"))
    assert plain == PLAIN - {"DATA", "HOST", "PORT", "SIGNER_DIR", "TLS_CERT", "TLS_KEY"}
    assert secret == SECRETS - {"DATABASE_URL", "DATABASE_OWNER_URL", "INDEX_URL", "KEY_ENCRYPTION_KEY"}


def test_every_value_has_its_place_in_the_schema() -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    schema = json.loads((CHART / "values.schema.json").read_text())["properties"]
    assert set(schema) - {"global"} == set(values)


def test_its_versions_are_the_products() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert f'version = "{chart["appVersion"]}"' in (ROOT / "pyproject.toml").read_text()
    assert chart["kubeVersion"] == f">={OLDEST}.0-0"


def test_the_notes_name_the_pod_and_what_is_open() -> None:
    notes = rendered()["NOTES.txt"]
    assert "logs evidence-vestige-0" in notes
    assert "SQLite" in notes
    assert "in clear" in notes
    full = rendered(FULL)["NOTES.txt"]
    assert "https://vestige.example.org/ui/login/first" in full
    assert "SQLite" not in full
    assert "in clear" not in full


@pytest.mark.parametrize(
    ("text", "gives"),
    [
        ("a {{- .x -}} b", "aob"),
        ("{{/* said */}}{{ if .empty }}1{{ else if eq .x .x }}2{{ end }}", None),
        ("{{ if and .x (not .empty) }}{{ .x | quote }}{{ else }}none{{ end }}", '"o"'),
        ("{{ range $k, $v := .map }}{{ $k }}={{ $v }};{{ $.x }} {{ end }}", "a=1;o b=2;o "),
        ("{{ range .list }}{{ . }}{{ end }}", "12"),
        ("{{ with .empty }}{{ . }}{{ else }}no{{ end }}", "no"),
        ("k:{{ toYaml .map | nindent 2 }}", "k:\n  a: 1\n  b: 2"),
        ('{{ define "n" }}<{{ .a }}>{{ end }}{{ include "n" .map }}', "<1>"),
        ("{{ .y }}", None),
        ("{{ .map }}", None),
        ("{{ .big }}", None),
        ("{{ nothing .x }}", None),
        ("{{ .x ", None),
        ("{{ if .x }}", None),
        ("{{ end }}", None),
        ("{{ .x .y }}", None),
        ('{{ include "m" . }}', None),
        ('{{ printf "%d" 1 }}', None),
        ('{{ fail "said" }}', None),
    ],
)  # fmt: skip
def test_the_reader_of_templates_refuses_what_it_does_not_know(text: str, gives: str | None) -> None:
    data = {"x": "o", "empty": "", "map": {"b": 2, "a": 1}, "list": [1, 2], "big": 1_000_000}

    def render() -> str:
        templates = Templates()
        templates.add("t", text)
        return templates.render("t", data)

    if gives is not None:
        assert render() == gives
        return
    with pytest.raises(TemplateError, match=r"^t: "):
        render()
