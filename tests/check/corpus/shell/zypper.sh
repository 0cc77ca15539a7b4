#!/bin/bash
zypper --non-interactive install nginx
