"""The documents: exactly these keys, of exactly these types, and as OpenAPI says."""

import re
from typing import Any

import pytest
from driver import PRINCIPAL, World
from fastapi.testclient import TestClient
from jsonschema_rs import Draft202012Validator
from kagemusha import openapi

REFERENCE = {"id": str, "name": str}
KEYS: dict[str, str] = {
    "account": "acknowledged_msa acknowledged_msa_at allow_tracking beta country_of_residence created_at "
    "default_organization default_team delinquent_at eco_dynos_enabled eco_dynos_shutdown_at email federated id "
    "identity_provider italian_customer_terms italian_partner_terms last_login mfa_enabled mfa_exemption "
    "mfa_exemption_reason mfa_experience name pipeline_cost_consent_at sms_number suspended_at "
    "two_factor_authentication updated_at verified",
    "team": "created_at credit_card_collections default enterprise_account id identity_provider membership_limit name "
    "pipeline_cost_consent_at pipeline_cost_consent_user_email provisioned_licenses role type updated_at",
    "region": "country created_at description id locale name private_capable provider updated_at",
    "space": "cidr created_at data_cidr generation id name organization region shield state team updated_at",
    "nat": "created_at sources state updated_at",
    "app": "acm archived_at base_image_name build_stack buildpack_provided_description buildpacks created_at "
    "current_build_architecture generation git_url id internal_routing maintenance name organization owner region "
    "released_at repo_size slug_size space stack team updated_at web_url",
    "team_app": "archived_at base_image_name build_stack buildpack_provided_description buildpacks created_at "
    "current_build_architecture generation git_url id internal_routing joined locked maintenance name owner region "
    "released_at repo_size slug_size space stack team updated_at web_url",
    "release": "addon_plan_names app artifacts created_at current description eligible_for_rollback id oci_image "
    "output_stream_url slug status updated_at user version",
    "service": "cli_plugin_name created_at human_name id name state supported_generations "
    "supports_multiple_installations supports_sharing updated_at",
    "plan": "addon_service compliance created_at default description human_name id installable_inside_private_network "
    "installable_outside_private_network name price space_default state updated_at visible",
    "addon": "actions addon_service app billed_price billing_entity config_vars created_at id name plan provider_id "
    "provision_message state updated_at web_url",
    "authorization": "access_token client created_at description grant id refresh_token scope session updated_at user",
    "member": "created_at email federated id identity_provider role two_factor_authentication updated_at user",
    "collaborator": "app created_at id permissions role updated_at user",
    "buildpack": "buildpack ordinal",
    "addon_config": "name value",
    "topology": "apps version",
    "rate_limit": "remaining",
    "attachment": "addon app created_at id log_input_url name namespace updated_at web_url",
    "link": "addon allowed_accounts app connections service_name status",
    "sandbox": "aws clock created_at env heroku_api_key name seed",
    "clock": "mode next_due_at now pace",
    "endpoint": "dns_name endpoint_id principal_arn service_name state",
    "source": "address security_group_ids vpc_address",
    "snapshot": "clock counter exported_at faults note requests seed settings transitions version world",
}
BUILDPACKS = "/apps/ferry/buildpack-installations"
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@pytest.fixture
def shown(lone_client: TestClient) -> dict[str, Any]:
    """One document of each kind, from a world in which all of them are."""
    world = World.make(lone_client)
    addon, endpoint = world.connected()
    return {
        "account": world.get("/account"),
        "team": world.get("/teams")[0],
        "region": world.get("/regions")[0],
        "space": world.get("/spaces")[0],
        "nat": world.get("/spaces/harbor/nat"),
        "app": world.get("/apps")[0],
        "team_app": world.get("/teams/kagemusha/apps")[0],
        "release": world.get("/apps/ferry/releases")[0],
        "service": world.get("/addon-services")[0],
        "plan": world.get("/plans/heroku-redis:private-3"),
        "addon": world.get(f"/addons/{addon}"),
        "authorization": world.get("/oauth/authorizations/~"),
        "member": world.get("/teams/kagemusha/members")[0],
        "collaborator": world.get("/apps/ferry/collaborators")[0],
        "buildpack": world.call("PUT", BUILDPACKS, {"updates": [{"buildpack": "heroku/ruby"}]})[0],
        "addon_config": world.get(f"/addons/{addon}/config")[0],
        "topology": world.get("/spaces/harbor/topology"),
        "rate_limit": world.get("/account/rate-limits"),
        "attachment": world.get("/addon-attachments")[0],
        "link": world.shown(addon),
        "sandbox": world.sim("GET", ""),
        "clock": world.sim("GET", "/clock"),
        "endpoint": world.sim("GET", f"/endpoints/{endpoint}"),
        "source": world.sim("PUT", "/sources/127.0.0.2", {"vpc_address": "10.0.1.20"}),
        "snapshot": world.sim("GET", "/snapshot"),
    }


def test_each_document_has_exactly_its_keys(shown: dict[str, Any]) -> None:
    """No key is missing, and none is there that the schema does not know."""
    assert {kind: sorted(document) for kind, document in shown.items()} == {
        kind: keys.split() for kind, keys in KEYS.items()
    }


def test_what_other_documents_hold(shown: dict[str, Any]) -> None:
    """References are id and name, prices whole cents, versions whole numbers, and times have no fraction."""
    app, addon, release, link = shown["app"], shown["addon"], shown["release"], shown["link"]
    for reference in (app["region"], app["stack"], app["build_stack"], app["team"], addon["app"], addon["plan"],
                      addon["addon_service"], release["app"], shown["account"]["default_team"]):  # fmt: skip
        assert {key: type(value) for key, value in reference.items()} == REFERENCE
    assert addon["billed_price"] == {"cents": 90_000, "contract": False, "metered": False, "unit": "month"}
    assert addon["billing_entity"] == {**addon["app"], "type": "app"}
    assert set(release["user"]) == {"email", "id"}
    assert (type(release["version"]), type(release["current"])) == (int, bool)
    for document in shown.values():
        for key, value in document.items():
            if key.endswith("_at") and "link" not in key and value and key not in {"next_due_at", "exported_at"}:
                assert MOMENT.fullmatch(value) or "heroku_api_key" in document
    assert link["addon"] == {"name": addon["name"], "uuid": addon["id"]}
    assert link["app"] == {"name": "ferry"}
    assert link["allowed_accounts"] == [
        {"account_id": PRINCIPAL, "arn": f"arn:aws:iam::{PRINCIPAL}", "status": "Active"}
    ]
    assert [set(each) for each in link["connections"]] == [{"endpoint_id", "hostname", "owner_arn", "status"}]


def test_every_answer_is_as_openapi_describes_it(lone_client: TestClient) -> None:
    """Whatever the article's path answers, successes and errors, validates against the document of its operation."""
    asked: list[Any] = []
    lone_client.event_hooks["response"] = [asked.append]
    world = World.make(lone_client)
    addon, endpoint = world.connected()
    paths = ["/account", "/teams", "/teams/kagemusha", "/regions", "/regions/us", "/spaces", "/spaces/harbor",
             "/spaces/harbor/nat", "/apps", "/apps/ferry", "/users/~/apps", "/teams/kagemusha/apps", "/plans/none",
             "/teams/apps/ferry", "/apps/ferry/config-vars", "/apps/ferry/releases", "/apps/ferry/releases/1",
             "/addons", f"/addons/{addon}", "/apps/ferry/addons", f"/apps/ferry/addons/{addon}", "/addon-services",
             "/addon-services/heroku-redis", "/addon-services/heroku-redis/plans", "/plans/heroku-redis:mini",
             "/addon-attachments", f"/addons/{addon}/addon-attachments", "/apps/ferry/addon-attachments",
             "/apps/ferry/addon-attachments/REDIS", f"/private-link/v0/databases/{addon}", "/apps/none",
             "/account/rate-limits", "/teams/permissions", "/teams/kagemusha/members", "/teams/kagemusha/features",
             "/oauth/authorizations", "/oauth/authorizations/~", "/spaces/harbor/topology", f"/addons/{addon}/config",
             "/apps/ferry/releases/1/config-vars", BUILDPACKS, "/apps/ferry/dynos", "/apps/ferry/formation",
             "/apps/ferry/collaborators", "/apps/ferry/pipeline-couplings"]  # fmt: skip
    for path in paths:
        rich = {"accept_expansion": "plan,addon_service,region", "accept_inclusion": "addon:plan,config_vars"}
        world.send("GET", path)
        world.send("GET", path, range="id ..; max=1" if "releases" not in path else "version ..; max=1", **rich)
        world.send("GET", path, if_none_match="*")
        lone_client.get(path)
    for path in ("", "/clock", "/pending", "/journal?limit=5", "/snapshot", "/endpoints", f"/endpoints/{endpoint}"):
        world.ask_sim("GET", path)
    for method in ("PUT", "GET", "DELETE"):
        for address in ("127.0.0.2", "10.0.0.2"):
            world.ask_sim(method, f"/sources/{address}", {"vpc_address": "10.0.1.20"} if method == "PUT" else None)
    world.ask_sim("GET", "/sources")
    world.send("POST", "/apps", {"name": "ferry"})
    world.send("PUT", BUILDPACKS, {"updates": [{"buildpack": "heroku/ruby"}]})
    world.send("PATCH", "/apps/ferry", {"maintenance": True}, if_match='"x"')
    for method, path, body in (
        ("PATCH", "/apps/ferry", {"maintenance": True}), ("PATCH", "/teams/apps/ferry", {"locked": True}),
        ("PATCH", "/spaces/harbor", {"name": "harbor"}), ("DELETE", "/oauth/sessions/~", None),
        ("PATCH", f"/apps/ferry/addons/{addon}", {"plan": "heroku-redis:private-9"}),
        ("POST", f"/addons/{addon}/actions/provision", None), ("PATCH", f"/addons/{addon}/config", {"config": []}),
        ("POST", f"/addons/{addon}/actions/deprovision", None), ("POST", "/apps/ferry/acm", {}),
        ("PATCH", "/apps/ferry/acm", {}), ("DELETE", "/apps/ferry/acm", None),
        ("POST", "/addon-attachments", {"addon": addon, "app": "ferry", "name": "REDIS", "confirm": "ferry"}),
    ):  # fmt: skip
        world.send(method, path, body)
    world.send("POST", "/actions/addons/resolve", {"addon": addon})
    world.send("POST", "/actions/addon-attachments/resolve", {"addon_attachment": "REDIS"})
    world.send("PUT", f"/private-link/v0/databases/{addon}/allowed_accounts", {"allowed_accounts": ["210987654321"]})
    world.send("PATCH", f"/private-link/v0/databases/{addon}/allowed_accounts", {"allowed_accounts": ["x"]})
    world.send("DELETE", f"/private-link/v0/databases/{addon}")
    world.send("PATCH", "/apps/ferry/config-vars", {"A": "b"})
    world.send("DELETE", f"/apps/ferry/addons/{addon}")
    world.send("DELETE", "/apps/ferry")
    world.send("DELETE", "/spaces/harbor")
    world.ask_sim("POST", "/reset")
    world.ask_sim("PATCH", "/clock", {"pace": 2})
    lone_client.get("/_sim/health")
    lone_client.get("/_sim/sandboxes")
    world.ask_sim("DELETE", "")
    assert len(asked) > 100
    documents = openapi.documents().values()
    for answer in asked:
        document, operation = _operation(documents, answer.request.method, answer.request.url.path)
        answers = operation["responses"]
        where = (answer.request.method, answer.request.url.path, answer.status_code, answer.text[:500])
        assert str(answer.status_code) in answers, where
        said = answers[str(answer.status_code)]
        if "$ref" in said:
            said = document["components"]["responses"][said["$ref"].rpartition("/")[2]]
        if "content" in said:
            schema = said["content"]["application/json"]["schema"] | {"components": document["components"]}
            errors = list(Draft202012Validator(schema, validate_formats=True).iter_errors(answer.json()))
            assert not errors, (where, errors[0].message)
        else:
            assert answer.content == b"", where


def _operation(documents: Any, method: str, path: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The document and the operation that describe a request; a fixed path goes before one with parameters."""
    found = [
        (template.count("{"), document, operations)
        for document in documents
        for template, operations in document["paths"].items()
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path)
    ]
    _, document, operations = min(found, key=lambda each: each[0])
    return document, operations[method.lower()]
