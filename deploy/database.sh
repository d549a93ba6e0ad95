# deploy/backup and deploy/restore source this file. It finds the database of a photosd in the settings of the service.

# find_database DATA sets kind to sqlite, postgres or other. With SQLite, database is the path of the file. With
# PostgreSQL, database is what its programs get as --dbname. They get the rest from the environment, because every user
# of a machine can see the arguments of a program, and they could contain a password.
find_database() {
	local url=${DATABASE_URL:-}
	[[ -z ${DATABASE_URL_FILE:-} ]] || url=$(<"$DATABASE_URL_FILE")
	kind=other database=
	case $url in
	'') from_parts "$1" ;;
	sqlite:*) kind=sqlite database=${url#sqlite:} ;;
	postgres*) kind=postgres && from_url "$url" ;;
	esac
}

from_parts() {
	[[ -n ${DATABASE_HOST:-} ]] || { kind=sqlite database=$1/photos.db && return; }
	[[ ${DATABASE_ENGINE:-} == postgres* ]] || return 0
	kind=postgres database=$DATABASE_DB_NAME
	export PGHOST=$DATABASE_HOST PGPORT=${DATABASE_PORT:-5432} PGUSER=$DATABASE_USER PGPASSWORD=${DATABASE_PASSWORD:-}
	[[ -z ${DATABASE_PASSWORD_FILE:-} ]] || PGPASSWORD=$(<"$DATABASE_PASSWORD_FILE")
	verify_server "$PGHOST"
}

from_url() {
	database=$1
	if [[ $1 =~ ^([a-z]+://[^:/@]+):([^@]*)@(.*)$ ]]; then
		database=${BASH_REMATCH[1]}@${BASH_REMATCH[3]}
		printf -v PGPASSWORD '%b' "${BASH_REMATCH[2]//%/\\x}"
		export PGPASSWORD
	fi
	if [[ $database =~ @([^/?]*) ]]; then verify_server "${BASH_REMATCH[1]}"; fi
}

# verify_server HOST verifies the certificate of a server on another machine, as photosd does. An sslmode in the URL
# takes precedence.
verify_server() {
	local file
	case $1 in '' | /* | localhost | localhost:* | 127.* | '[::1]'* | ::1) return ;; esac
	for file in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/cert.pem; do
		[[ ! -e $file ]] || break
	done
	export PGSSLMODE=verify-full PGSSLROOTCERT=${DATABASE_CA_FILE:-$file}
}
