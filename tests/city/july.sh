# july.sh - the second half: kits for graduates, contacts, the barbers of May, and what is late. Sourced by run.sh.
# shellcheck shell=bash disable=SC2154

graduates
contacts
barbers
date_is 2024-07-16T09:00:00+07:00 "The middle of July: what is late"
open_mail dinsos disnaker dpppa satpolpp
agency_as dinsos --lang en overdue | cut -c 1-100 | sed 's/^/   /'
