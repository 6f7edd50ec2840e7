"""What the system costs, and what gives first when it grows.

Computed from the synthesised templates, a dated table of prices (`prices.toml`), what one run does (`measured.json`,
from real runs on one machine), and what nobody could measure here (`workload.toml`, assumed and said so).

    python -m infra.cost            prints it        python -m infra.cost --write    writes docs/scale.md
    python -m infra.cost.measure    measures anew what one run does
"""
