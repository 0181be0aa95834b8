"""What is not ours goes to the emulator, as it was sent, and comes back as it was answered."""

import io
from pathlib import Path

import httpx
from account import Account, code


def test_networks_are_the_emulators(account: Account) -> None:
    """VPCs, subnets, security groups with ingress, and instances are made, and found again."""
    ec2 = account.ec2
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="redis", Description="d", VpcId=vpc)["GroupId"]
    ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=[
            {"IpProtocol": "tcp", "FromPort": 6379, "ToPort": 6379, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}
        ],
    )
    [shown] = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    assert [(each["FromPort"], each["ToPort"]) for each in shown["IpPermissions"]] == [(6379, 6379)]
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    [instance] = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, SubnetId=subnet)["Instances"]
    assert (instance["VpcId"], instance["SubnetId"]) == (vpc, subnet)
    made = account.made(VpcId=vpc, SecurityGroupIds=[group])
    assert made["Groups"] == [{"GroupId": group, "GroupName": "redis"}]
    ec2.delete_subnet(SubnetId=ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.2.0/24")["Subnet"]["SubnetId"])


def test_gateway_endpoints_are_the_emulators(account: Account) -> None:
    """Those of AWS's own services are made, shown, changed and deleted there, whatever type is asked for."""
    ec2 = account.ec2
    made = ec2.create_vpc_endpoint(VpcId=account.vpc, ServiceName="com.amazonaws.us-east-1.s3")["VpcEndpoint"]
    assert made["VpcEndpointType"] == "Gateway"
    [shown] = ec2.describe_vpc_endpoints(VpcEndpointIds=[made["VpcEndpointId"]])["VpcEndpoints"]
    assert shown["ServiceName"] == "com.amazonaws.us-east-1.s3"
    assert account.ec2.delete_vpc_endpoints(VpcEndpointIds=[made["VpcEndpointId"]])["Unsuccessful"] == []


def test_iam_is_the_emulators(account: Account, another: Account) -> None:
    """Users and roles are the account's own."""
    iam = account.boto("iam")
    user = iam.create_user(UserName="abc.xyz")["User"]
    assert user["Arn"] == f"arn:aws:iam::{account.id}:user/abc.xyz"
    iam.create_role(RoleName="deploy", AssumeRolePolicyDocument="{}")
    assert [each["RoleName"] for each in iam.list_roles()["Roles"]] == ["deploy"]
    assert another.boto("iam").list_roles()["Roles"] == []
    assert code(iam.get_user, UserName="nobody") == "NoSuchEntity"


def test_objects_are_the_emulators(account: Account, tmp_path: Path) -> None:
    """A bucket may be named as a path of Heroku's is; objects keep their size, name and encoding, by every call."""
    s3 = account.boto("s3")
    s3.create_bucket(Bucket="apps")
    whole = bytes(range(256)) * 40_000
    s3.upload_fileobj(io.BytesIO(whole), "apps", "a b//ü/../whole")
    assert s3.head_object(Bucket="apps", Key="a b//ü/../whole")["ContentLength"] == len(whole)
    s3.download_file("apps", "a b//ü/../whole", str(tmp_path / "whole"))
    assert (tmp_path / "whole").read_bytes() == whole
    assert [each["Key"] for each in s3.list_objects_v2(Bucket="apps")["Contents"]] == ["a b//ü/../whole"]
    s3.put_object(Bucket="apps", Key="moto", Body=b"packed", ContentEncoding="gzip", Metadata={"ship": "ferry"})
    head = s3.head_object(Bucket="apps", Key="moto")
    assert (head["ContentEncoding"], head["Metadata"]) == ("gzip", {"ship": "ferry"})
    assert code(s3.head_object, Bucket="apps", Key="none") == "404"
    assert code(s3.get_object, Bucket="apps", Key="none") == "NoSuchKey"
    assert account.get("/apps") == []


def test_presigned_urls_pass(account: Account) -> None:
    """Of the old kind and of the new, without a header that says whose they are."""
    s3 = account.boto("s3")
    s3.create_bucket(Bucket="apps")
    s3.put_object(Bucket="apps", Key="cargo", Body=b"cargo")
    for more in ({}, {"signature_version": "s3v4"}):
        url = account.boto("s3", **more).generate_presigned_url("get_object", Params={"Bucket": "apps", "Key": "cargo"})
        assert httpx.get(url, trust_env=False).content == b"cargo"


def test_what_nobody_simulates_is_said(account: Account) -> None:
    """An action that the emulator has not is UnsupportedOperation, one that AWS has not InvalidAction."""
    said = code(account.ec2.describe_vpc_endpoint_connection_notifications)
    assert said == "UnsupportedOperation"
    assert code(account.boto("braket").search_jobs, filters=[]) == "UnsupportedOperation"
