"""Kickstart files, read by the pykickstart library and converted into answers for Boatyard's installer."""
