"""Infrastructure as code."""

from __future__ import annotations

from codevault.policy.tools.table import Tool, cache, dependency, output

TOOLS: tuple[Tool, ...] = (
    Tool(
        name="terraform",
        locks=".terraform.lock.hcl",
        folders=(dependency(".terraform", "terraform init", beside=("*.tf|*.tf.json|.terraform.lock.hcl",)),),
    ),
    Tool(
        name="AWS CDK",
        folders=(output("cdk.out", "cdk synth", beside=("cdk.json",), inside=("manifest.json|cdk.out",)),),
    ),
    Tool(
        name="terragrunt",
        folders=(cache(".terragrunt-cache", "terragrunt init", beside=("terragrunt.hcl",)),),
    ),
    Tool(name="Nix", locks="flake.lock"),
    Tool(name="Helm", locks="chart.lock requirements.lock"),
    Tool(name="Buf", locks="buf.lock"),
)
