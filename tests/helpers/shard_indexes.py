"""Indexes of shards, as Hugging Face writes them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


def write_index(folder: Path, weight_map: Any, name: str = "model.safetensors.index.json") -> Path:
    """Write an index of that map into a folder, and return its path."""
    path = folder / name
    path.write_text(json.dumps({"metadata": {"total_size": 1}, "weight_map": weight_map}, indent=2), encoding="utf-8")
    return path
