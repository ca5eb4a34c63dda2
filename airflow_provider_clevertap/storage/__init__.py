"""Files that a load writes: published whole, on local disks and in any storage fsspec knows."""
