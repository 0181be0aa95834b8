"""The baseline: FastAPI with one endpoint that answers JSON of a privatelink's size, and does nothing else."""

import sys

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class Account(BaseModel):
    """An allowed account."""

    account_id: str
    arn: str
    status: str


class Named(BaseModel):
    """A thing by its name."""

    name: str


class Link(BaseModel):
    """As large as what the Data API answers."""

    addon: Named
    allowed_accounts: list[Account]
    app: Named
    connections: list[dict[str, str]]
    service_name: str
    status: str


@app.get("/databases/{name}")
async def info(name: str) -> Link:
    """What would be read."""
    return Link(
        addon=Named(name=name),
        allowed_accounts=[Account(account_id="123456789101", arn="arn:aws:iam::123456789101:root", status="Active")],
        app=Named(name="ferry"),
        connections=[
            {
                "endpoint_id": "vpce-00f1a0d2fe69a1ff0",
                "hostname": "vpce-00f1a0d2fe69a1ff0-7m2ksotw.vpce-svc-01dada6ed38eb40a5.us-east-1.vpce.amazonaws.com",
                "owner_arn": "arn:aws:iam::123456789101:root",
                "status": "Available",
            }
        ],
        service_name="com.amazonaws.vpce.us-east-1.vpce-svc-01dada6ed38eb40a5",
        status="Operational",
    )


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), log_level="warning", access_log=False)
