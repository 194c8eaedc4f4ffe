"""Zarr arrays in a folder, as they are or inside an OCDBT store, through tensorstore."""
