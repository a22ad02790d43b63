"""What BooCode costs: `python -m tests.bench [name …]` measures and prints tables; docs/BENCHMARKS.md keeps them."""
