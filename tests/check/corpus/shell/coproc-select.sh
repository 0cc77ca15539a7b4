#!/bin/bash
select choice in start stop; do echo "$choice"; break; done
[[ $choice =~ ^(start|stop)$ ]] && echo ok
(( 1 + 1 == 2 )) && echo math
for ((i = 0; i < 3; i++)); do echo "$i"; done
