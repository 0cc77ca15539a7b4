#!/bin/bash
echo quit | telnet 127.0.0.1 25
