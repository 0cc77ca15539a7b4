"""What a virtual machine sees of Azure, as values and pure functions: devices, DHCP, WireServer, IMDS, faults."""
