#!/bin/bash
usermod -aG docker azureuser2
