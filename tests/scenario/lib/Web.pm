# What the web's scenarios share: a web role that is ready, requests byte by byte, users.
package Web;
use strict;
use warnings;
use CtFollow;
use Digest::SHA qw(hmac_sha1);
use Exporter qw(import);
use House;
use HTTP::Tiny;
use IO::Select;
use IO::Socket::INET;
use JSON::PP;
use Test::More ();
use Time::HiRes qw(time);

our @EXPORT = qw($site start_web stop_web add_user password ask enter raw answer_of connect_to base32 totp);

our $site;    # {url, host, port, pid}
$ENV{HK_TEST_QUICK_HASH} = 1;
my $starts = 0;

# One that no rule refuses.
sub password { return "a long word and $_[0] more" }

# start_web(option...): the web role on a free port, ready.
sub start_web {
	my $name = 'web' . $starts++;
	my $pid = spawn_role($name, 'web', '--listen', '127.0.0.1:0', '--web-key', "$work/web.key", @_);
	until_ok('the web role is ready', sub { slurp("$work/$name.out") =~ /\n/ || waitpid($pid, 1) }) or die 'not ready';
	my $out = slurp("$work/$name.out");
	$out =~ /\n/ or die slurp("$work/$name.err");
	my $url = decode_json($out)->{url};
	my ($host, $port) = $url =~ m{//([^:/]+):(\d+)/};
	$site = { url => $url =~ s{/$}{}r, host => $host, port => $port, pid => $pid, err => "$work/$name.err" };
	return $site;
}

sub stop_web { return stop_it($site->{pid}) }

# add_user(login, roles, name): with password(login).
sub add_user {
	my ($login, $roles, @more) = @_;
	my ($code, undef, $err) = hk(\(password($login) . "\n"), 'user', 'add', '--roles', $roles, @more, $login);
	Test::More::diag("user add $login: $err") if $code;
	return $code == 0;
}

# ask(method, path, {body, json, headers, jar}): one request below the site; {status, headers, content, json}. jar: {cookie, csrf} are sent and
# kept. A path without /api is below /api/v1.
sub ask {
	my ($method, $path, %with) = @_;
	my %headers = %{ $with{headers} || {} };
	my $jar = $with{jar};
	my $body = $with{body};
	if (exists $with{json}) {
		$headers{'Content-Type'} //= 'application/json';
		$body = encode_json($with{json});
	}
	$headers{Cookie} = $jar->{cookie} if $jar && $jar->{cookie};
	$headers{'X-CSRF-Token'} //= $jar->{csrf} if $jar && $jar->{csrf} && $method ne 'GET';
	delete $headers{$_} for grep { !defined $headers{$_} } keys %headers;
	$path = "/api/v1$path" if $path !~ m{^/(?:api|ui|healthz|index|\.|$)};
	my $answer = HTTP::Tiny->new(timeout => 60, max_redirect => 0)->request($method, "$site->{url}$path", { headers => \%headers, defined $body ? (content => $body) : () });
	my $set = $answer->{headers}{'set-cookie'};
	for my $one (ref $set ? @$set : $set // ()) {
		$jar->{cookie} = $1 if $jar && $one =~ /^((?:__Host-)?hk_session=[^;]+)/;
		delete $jar->{cookie} if $jar && $one =~ /^(?:__Host-)?hk_session=;/;
	}
	$answer->{json} = eval { decode_json($answer->{content}) } if ($answer->{headers}{'content-type'} // '') =~ /json/;
	return $answer;
}

# enter(login, password): logs in; the jar, with {answer}.
sub enter {
	my ($login, $password) = @_;
	my $jar = {};
	$jar->{answer} = ask('POST', '/session', json => { login => $login, password => $password // password($login) }, jar => $jar);
	$jar->{csrf} = $jar->{answer}{json}{csrf} if $jar->{answer}{json};
	return $jar;
}

sub connect_to {
	my (%more) = @_;
	return IO::Socket::INET->new(PeerAddr => $site->{host}, PeerPort => $site->{port}, Proto => 'tcp', Timeout => 20, %more);
}

# answer_of(socket, seconds): all that comes until the other side closes or the time is over.
sub answer_of {
	my ($socket, $seconds) = @_;
	my $select = IO::Select->new($socket);
	my $end = time() + ($seconds || 20);
	my $all = '';
	while ((my $left = $end - time()) > 0) {
		next if !$select->can_read($left);
		my $got = sysread $socket, my $piece, 65536;
		last if !$got;
		$all .= $piece;
	}
	return $all;
}

# raw(bytes): what comes back until the server closes; with "Connection: close" in the bytes that is soon.
sub raw {
	my ($bytes, $seconds) = @_;
	my $socket = connect_to() or return '';
	local $SIG{PIPE} = 'IGNORE';
	print $socket $bytes;
	$socket->flush;
	return answer_of($socket, $seconds);
}

sub base32 {
	my ($text) = @_;
	my $bits = join '', map { sprintf '%05b', index('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', $_) } split //, $text;
	return pack 'B*', substr $bits, 0, length($bits) - length($bits) % 8;
}

# totp(secret in base32, step): RFC 6238, written anew.
sub totp {
	my ($secret, $step) = @_;
	my $mac = hmac_sha1(pack('Q>', $step), base32($secret));
	my $at = ord(substr $mac, 19, 1) & 15;
	return sprintf '%06d', (unpack('N', substr $mac, $at, 4) & 0x7fffffff) % 1_000_000;
}

1;
