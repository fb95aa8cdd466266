"""The benchmarks behind every figure in the README."""

from bench.fan_out import measure_fan_out
from bench.report import Figure, Report

BENCHMARKS = {"fan_out": measure_fan_out}

__all__ = ["BENCHMARKS", "Figure", "Report"]
