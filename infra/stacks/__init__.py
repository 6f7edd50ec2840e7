"""The stacks, by life cycle. Whoever imports one of them first has Node from its wheel: `aws_cdk` starts it."""

from infra.assembly.node import use_bundled_node

use_bundled_node()
