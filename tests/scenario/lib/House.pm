# What the house's scenarios share: a database of either engine, the roles as processes, a client of the API.
package House;
use strict;
use warnings;
use CtFollow;
use Exporter qw(import);
use HTTP::Tiny;
use JSON::PP;

our @EXPORT = qw($config new_house use_house hk rows value spawn_role login call);

our ($config, $database, $url);
my ($client, $csrf, $cookie);
my $engine;
my @drop;
my $owner = $$;

END {
	if ($$ == $owner) {
		my $status = $?;
		# The roles are stopped by CtFollow's END, which runs after this one: so take theirs away by force.
		system('psql', '-qX', $ENV{HK_TEST_PGSQL}, '-c', "DROP DATABASE IF EXISTS $_ WITH (FORCE)") for @drop;
		$? = $status;
	}
}

# new_house(name, key => value ...): a configuration, a database with its schema and an audit key. Paths lie below $work. evidence => 1: cases that
# open are secured and enriched by themselves, as anywhere else; without it nobody visits anything. looks => JSON: setting "looks"; without it nobody
# looks at names.
sub new_house {
	my ($name, %more) = @_;
	my $evidence = delete $more{evidence};
	my $looks = delete $more{looks} // '{"on":false}';
	my $dir = "$work/$name";
	mkdir $dir or die "$dir: $!";
	if ($ENV{HK_TEST_PGSQL}) {
		my $db = "hk_test_$$" . "_$name";
		system('psql', '-qX', $ENV{HK_TEST_PGSQL}, '-c', "CREATE DATABASE $db TEMPLATE template0") == 0 or die 'no database';
		push @drop, $db;
		($database = $ENV{HK_TEST_PGSQL}) =~ s{/postgres\?}{/$db?};
		$engine = 'pgsql';
	} else {
		$database = "$dir/house.db";
		$engine = 'sqlite';
	}
	my %keys = (database => $database, 'audit-key' => "$dir/audit.key", 'web-key' => "$dir/web.key", blobs => "$dir/blobs", state => "$dir/state", contact => $contact, %more);
	$config = spew("$dir/hikeshi.conf", join '', map {
		my $value = $keys{$_};
		ref $value ? "$_ = { " . join(', ', map { "\"$_\"" } @$value) . " }\n" : "$_ = \"$value\"\n"
	} sort keys %keys);
	my ($code, $out, $err) = hk('db', 'init');
	$code == 0 or die "db init: $err";
	rows(q(INSERT INTO settings (key, value, updated_ms) VALUES ('evidence', '{"capture":false,"enrich":false}', 0))) unless $evidence;
	rows("INSERT INTO settings (key, value, updated_ms) VALUES ('looks', '$looks', 0)");
	return $dir;
}

# use_house(file): that configuration, which somebody else wrote, becomes the house's; on PostgreSQL with a database of this test's server URL (a key of the file).
sub use_house {
	($config) = @_;
	($database) = slurp($config) =~ /^database = "([^"]+)"/m or die "$config: no database";
	$engine = $database =~ /^postgres/ ? 'pgsql' : 'sqlite';
	return;
}

# hk(word...): runs a command with the house's configuration: (exit code, standard output, standard error). A reference to a
# string as the first argument is its standard input.
sub hk {
	my $in = ref $_[0] ? ${ shift() } : '';
	my $file = spew("$work/.in", $in);
	my @command = ($CtFollow::hikeshi, @_, '--config', $config);
	my $pid = fork() // die "fork: $!";
	if (!$pid) {
		open STDIN, '<', $file;
		open STDOUT, '>', "$work/.out";
		open STDERR, '>', "$work/.err";
		exec { $command[0] } @command or POSIX::_exit(127);
	}
	waitpid $pid, 0;
	return ($? >> 8, slurp("$work/.out"), slurp("$work/.err"));
}

# rows(sql): what the database itself says, as a list of lists of strings. SQL of both engines.
sub rows {
	my ($sql) = @_;
	# Not -readonly: after a kill -9 it is we who recover the write-ahead log.
	my @command = $engine eq 'pgsql' ? ('psql', '-qXAt', '-F', "\t", $database, '-c', $sql)
		: ('sqlite3', '-cmd', '.timeout 20000', '-separator', "\t", $database, $sql);
	open my $from, '-|', @command or die "$command[0]: $!";
	my @rows = map { chomp; [ split /\t/, $_, -1 ] } <$from>;
	close $from or die "$sql: $command[0] failed";
	return @rows;
}

sub value {
	my ($sql) = @_;
	my @rows = rows($sql);
	return @rows ? $rows[0][0] : undef;
}

# spawn_role(name, role, option...): starts `hikeshi ROLE`; messages are appended to NAME.err below $work.
sub spawn_role {
	my ($name, $role, @options) = @_;
	return CtFollow::start("$work/$name.out", "$work/$name.err", 0, $CtFollow::hikeshi, $role, '--config', $config, @options);
}

# login(url, login, password): keeps the session for call().
sub login {
	my ($at, $login, $password) = @_;
	($url = $at) =~ s{/$}{};
	($cookie, $csrf) = ();
	$client = HTTP::Tiny->new(timeout => 60);
	my $answer = call('POST', '/session', { login => $login, password => $password });
	$csrf = $answer->{json}{csrf} if $answer->{json};
	return $answer;
}

# call(method, path, body, headers): {status, headers, content, json}. body: a reference becomes JSON, a string is sent as it is.
sub call {
	my ($method, $path, $body, $headers) = @_;
	my %headers = (%{ $headers || {} }, $cookie ? (Cookie => $cookie) : (), $csrf ? ('X-CSRF-Token' => $csrf) : ());
	if (ref $body) {
		$headers{'Content-Type'} //= 'application/json';
		$body = encode_json($body);
	}
	my $answer = $client->request($method, "$url/api/v1$path", { headers => \%headers, defined $body ? (content => $body) : () });
	my $set = $answer->{headers}{'set-cookie'};
	for my $one (ref $set ? @$set : $set // ()) {
		$cookie = $1 if $one =~ /^([^;]*hk_session=[^;]+)/;
	}
	$answer->{json} = eval { decode_json($answer->{content}) } if ($answer->{headers}{'content-type'} // '') =~ /json/;
	return $answer;
}

1;
