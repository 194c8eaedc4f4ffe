"""HDF5 files through h5py: only what lies in the file itself, and values by this package's own reads."""
