"""Files on local disks and other storages: written atomically, privately, and retried when the storage fails."""
