#!/bin/bash
service sshd restart
