#!/bin/bash
python3 -c "import psycopg2; print(psycopg2.__version__)"
