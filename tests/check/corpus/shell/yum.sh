#!/bin/bash
yum -y install unzip
yum clean all
unzip -v
