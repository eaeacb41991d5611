#!/usr/bin/perl
# databases: both
# Who may come in, and for how long: passwords, limits, sessions, forged requests, second factors, tokens; `hikeshi user`.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use CtFollow;
use House;
use IO::Select;
use JSON::PP;
use Test::More;
use Web;

new_house('auth');

# --- hikeshi user ---
my ($code, $out, $err) = hk(\"short\n", 'user', 'add', 'admin');
is($code, 64, 'a short password is refused');
like($err, qr/at least 12/, 'and told how long');
($code, $out, $err) = hk(\"admin admin admin\n", 'user', 'add', '--roles', 'wizard', 'admin');
is($code, 64, 'a role that is none is refused');
like($err, qr/system_admin/, 'and told which there are');
ok(add_user('Admin', 'system_admin', '--name', 'The Admin'), 'the first user');
ok(add_user('hanako', 'analyst,approver'), 'the second');
ok(add_user('taro', 'viewer'), 'the third');
is((hk(\(password('x') . "\n"), 'user', 'add', 'ADMIN'))[0], 77, 'a login is taken whatever its case');
($code, $out) = hk('user', 'list');
my @users = map { decode_json($_) } split /\n/, $out;
is_deeply([ map { $_->{login} } @users ], [qw(admin hanako taro)], 'user list');
is_deeply($users[1]{roles}, [qw(analyst approver)], 'with roles');
is((hk('user', 'roles', 'admin', 'viewer'))[0], 77, 'the last system_admin keeps the role');
is((hk('user', 'disable', 'admin'))[0], 77, 'and is not disabled');
is((hk('user', 'roles', 'nobody-here', 'viewer'))[0], 66, 'a login that is none');

start_web();

# --- passwords ---
my $wrong = enter('hanako', 'not the password at all')->{answer};
my $none = enter('nobody-here', 'not the password at all')->{answer};
is($wrong->{status}, 401, 'a wrong password');
is($none->{status}, 401, 'a login that is none');
delete $_->{json}{request} for $wrong, $none;
is_deeply($none->{json}, $wrong->{json}, 'the two cannot be told apart');
my $hanako = enter('HANAKO', password('hanako'));
is($hanako->{answer}{status}, 200, 'the right one, whatever the case of the login') or diag $hanako->{answer}{content};
like($hanako->{answer}{headers}{'set-cookie'}, qr/^hk_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=\d+$/, 'the cookie is hard to get at');
is($hanako->{answer}{json}{stage}, 'full', 'and logged in');
is(ask('GET', '/session', jar => $hanako)->{json}{user}{login}, 'hanako', 'the session knows who');
is(ask('GET', '/session')->{status}, 401, 'without a cookie nobody is');
is(ask('POST', '/session', json => { login => 'hanako', password => password('hanako') }, headers => { 'Content-Type' => 'text/plain' })->{status}, 415,
	'a form of another site cannot log in');

# --- fixation and logout ---
my $fixed = { cookie => $hanako->{cookie} };
my $again = ask('POST', '/session', json => { login => 'taro', password => password('taro') }, jar => $fixed);
is($again->{status}, 200, 'a login with the cookie of another session');
isnt($fixed->{cookie}, $hanako->{cookie}, 'gets another cookie');
is(ask('GET', '/session', jar => $hanako)->{status}, 401, 'and the old one is worth nothing');
$fixed->{csrf} = $again->{json}{csrf};
is(ask('GET', '/session', headers => { Cookie => 'hk_session=' . 'A' x 43 })->{status}, 401, 'a cookie of nobody');
is(ask('GET', '/session', headers => { Cookie => "$fixed->{cookie}; $fixed->{cookie}" })->{status}, 401, 'two cookies of the name: none is trusted');
my $kept = { %$fixed };
is(ask('DELETE', '/session', jar => $fixed)->{status}, 204, 'log out');
is(ask('GET', '/session', jar => $kept)->{status}, 401, 'the cookie is dead on our side, too');

# --- forged requests ---
$hanako = enter('hanako');
my %edit = (json => { name => 'Hanako' });
is(ask('PATCH', '/me', %edit, headers => { Cookie => $hanako->{cookie} })->{status}, 403, 'no CSRF token');
is(ask('PATCH', '/me', %edit, headers => { Cookie => $hanako->{cookie}, 'X-CSRF-Token' => 'x' x 43 })->{status}, 403, 'a wrong one');
is(ask('PATCH', '/me', %edit, jar => $hanako, headers => { Origin => 'https://evil.example' })->{status}, 403, 'from another origin');
is(ask('PATCH', '/me', %edit, jar => $hanako, headers => { Origin => 'null' })->{status}, 403, 'from nowhere');
is(ask('PATCH', '/me', %edit, jar => $hanako, headers => { 'Sec-Fetch-Site' => 'cross-site' })->{status}, 403, 'the browser says that it is another site');
is(ask('POST', '/session', json => { login => 'taro', password => password('taro') }, headers => { Origin => 'https://evil.example' })->{status}, 403,
	'logging somebody in from another site');
is(ask('PATCH', '/me', %edit, jar => $hanako, headers => { Origin => $site->{url}, 'Sec-Fetch-Site' => 'same-origin' })->{status}, 200, 'our own page may');

# --- time ---
my $now = time * 1000;
my $touched = sub { rows("UPDATE sessions SET $_[0]") };
$touched->('seen_ms = seen_ms - 31 * 60000');
is(ask('GET', '/session', jar => $hanako)->{status}, 401, 'half an hour idle: ended');
$hanako = enter('hanako');
$touched->("ends_ms = $now - 1");
is(ask('GET', '/session', jar => $hanako)->{status}, 401, 'twelve hours: ended, idle or not');
$hanako = enter('hanako');
my $old = { %$hanako };
$touched->('rotated_ms = rotated_ms - 16 * 60000');
is(ask('GET', '/session', jar => $hanako)->{status}, 200, 'a quarter of an hour later');
isnt($hanako->{cookie}, $old->{cookie}, 'the cookie is exchanged');
is(ask('GET', '/session', jar => $hanako)->{json}{csrf}, $old->{csrf}, 'the CSRF token stays');
my $still = { %$old };
is(ask('GET', '/session', jar => $still)->{status}, 200, 'the old one works for requests under way');
is($still->{cookie}, $old->{cookie}, 'but is not exchanged again');
is(scalar @{ ask('GET', '/me/sessions', jar => $hanako)->{json}{items} }, 1, 'it is one session still');
rows("UPDATE sessions SET ends_ms = 1 WHERE rotated_ms > $now * 2");
is(ask('GET', '/session', jar => $old)->{status}, 401, 'and ends after its minute');
is(ask('GET', '/session', jar => $hanako)->{status}, 200, 'the new one does not');

# --- other sessions ---
my $second = enter('hanako');
is(ask('DELETE', '/me/sessions', jar => $hanako)->{status}, 204, 'end all others');
is(ask('GET', '/session', jar => $second)->{status}, 401, 'the other one ended');
is(ask('GET', '/session', jar => $hanako)->{status}, 200, 'this one did not');
$second = enter('hanako');
is(ask('POST', '/me/password', json => { old => 'wrong wrong wrong', new => password('new') }, jar => $hanako)->{status}, 403, 'a new password needs the old one');
is(ask('POST', '/me/password', json => { old => password('hanako'), new => 'hanako123456' }, jar => $hanako)->{json}{field}, 'password', 'and must be a good one');
is(ask('POST', '/me/password', json => { old => password('hanako'), new => password('hanako 2') }, jar => $hanako)->{status}, 204, 'changed');
is(ask('GET', '/session', jar => $second)->{status}, 401, 'which ends the other sessions');
is(enter('hanako')->{answer}{status}, 401, 'the old password is wrong now');
is(enter('hanako', password('hanako 2'))->{answer}{status}, 200, 'the new one is right');

# --- limits ---
for my $login (qw(taro nobody-here-2)) {
	my @seen = map { enter($login, "wrong password number $_")->{answer} } 1 .. 6;
	is_deeply([ map { $_->{status} } @seen ], [ (401) x 5, 429 ], "$login: the sixth wrong one has to wait");
	cmp_ok($seen[5]{headers}{'retry-after'}, '>=', 1, 'and is told how long');
}
is(enter('taro')->{answer}{status}, 429, 'the right one, too');
is(enter('hanako', password('hanako 2'))->{answer}{status}, 200, 'others need not');
my $admin = enter('admin', password('Admin'));
my ($taro) = grep { $_->{login} eq 'taro' } @{ ask('GET', '/users', jar => $admin)->{json}{items} };
ok($taro->{locked}, 'an administrator sees that taro is locked');
is(ask('POST', "/users/$taro->{id}/unlock", json => {}, jar => $admin)->{status}, 204, 'and unlocks');
is(enter('taro')->{answer}{status}, 200, 'taro may come in');
enter('taro', "wrong password number $_") for 1 .. 5;
rows("UPDATE attempts SET since_ms = since_ms - 31000 WHERE key = 'login:taro'");
is(enter('taro', 'wrong once more')->{answer}{status}, 401, 'half a minute later there is another try');
rows("UPDATE attempts SET since_ms = since_ms - 31000 WHERE key = 'login:taro'");
is(enter('taro')->{answer}{status}, 429, 'after which the wait is longer');
is((hk('user', 'unlock', 'taro'))[0], 0, 'user unlock');
is(enter('taro')->{answer}{status}, 200, 'unlocks, too');

# --- second factor ---
$hanako = enter('hanako', password('hanako 2'));
my $made = ask('POST', '/me/totp', jar => $hanako);
is($made->{status}, 200, 'a second factor is begun') or diag $made->{content};
like($made->{json}{uri}, qr{^otpauth://totp/hikeshi:hanako\?secret=$made->{json}{secret}&}, 'with a URI for the app');
is(enter('hanako', password('hanako 2'))->{answer}{json}{stage}, 'full', 'not asked for before it is confirmed');
my $step = int(time / 30);
is(ask('POST', '/me/totp/confirm', json => { code => '000000' }, jar => $hanako)->{status}, 403, 'a wrong code confirms nothing');
is(ask('POST', '/me/totp/confirm', json => { code => totp($made->{json}{secret}, $step) }, jar => $hanako)->{status}, 204, 'the right one does');
unlike(join(' ', map { @$_ } rows('SELECT totp FROM users')), qr/\Q@{[ base32($made->{json}{secret}) ]}\E/, 'the secret does not stand in the database');
my $half = enter('hanako', password('hanako 2'));
is($half->{answer}{json}{stage}, 'totp', 'now the password is not enough');
is(ask('GET', '/me', jar => $half)->{status}, 401, 'nothing can be done with it');
is(ask('GET', '/session', jar => $half)->{json}{stage}, 'totp', 'but the session says what is missing');
my $code_of = sub { ask('POST', '/session/totp', json => { code => $_[0] }, jar => $half) };
is($code_of->('123')->{status}, 401, 'three digits');
is($code_of->(totp($made->{json}{secret}, $step))->{status}, 401, 'the code that confirmed does not log in: once is once');
my $before = $half->{cookie};
my $in = $code_of->(totp($made->{json}{secret}, $step + 1));
is($in->{status}, 200, 'the next one does') or diag $in->{content};
isnt($half->{cookie}, $before, 'with another cookie');
is(ask('GET', '/session', headers => { Cookie => $before })->{status}, 401, 'the half one is gone');
$half->{csrf} = $in->{json}{csrf};
my $other = enter('hanako', password('hanako 2'));
is(ask('POST', '/session/totp', json => { code => totp($made->{json}{secret}, $step + 1) }, jar => $other)->{status}, 401, 'a code works once');
ask('POST', '/session/totp', json => { code => '000000' }, jar => $other) for 1 .. 4;
is(ask('POST', '/session/totp', json => { code => '000000' }, jar => $other)->{status}, 429, 'codes cannot be guessed, either');
($code) = hk(\(password('hanako 3') . "\n"), 'user', 'passwd', '--drop-totp', 'hanako');
is($code, 0, 'an administrator takes a lost one away');
is(enter('hanako', password('hanako 3'))->{answer}{json}{stage}, 'full', 'and the password is enough again');

# --- tokens ---
$hanako = enter('hanako', password('hanako 3'));
my $new = sub { ask('POST', '/me/tokens', json => { @_ }, jar => $hanako) };
is($new->(name => 'x', scopes => ['everything'])->{json}{field}, 'scopes[0]', 'a scope that is none');
is($new->(name => 'x', scopes => [], days => 3)->{status}, 400, 'no scope');
is($new->(name => 'x', scopes => ['read'], days => 4000)->{json}{field}, 'days', 'for ever');
my $token = $new->(name => 'robot', scopes => ['read'])->{json};
like($token->{token}, qr/^hk_[\w-]{43}$/, 'a token');
my %bearer = (headers => { Authorization => "Bearer $token->{token}" });
is(ask('GET', '/me', %bearer)->{json}{login}, 'hanako', 'it reads');
is(ask('PATCH', '/me', %edit, %bearer)->{status}, 403, 'but does not write what a person must');
is(ask('GET', '/session', %bearer)->{status}, 403, 'and is no session');
is(ask('GET', '/me', headers => { Authorization => 'Bearer hk_' . 'A' x 43 })->{status}, 401, 'one of nobody');
is(ask('GET', '/me', jar => $hanako, headers => { Authorization => 'Basic aGFuYWtvOnB3' })->{status}, 401, 'a wrong Authorization is not made good by a cookie');
my ($listed) = grep { $_->{id} == $token->{id} } @{ ask('GET', '/me/tokens', jar => $hanako)->{json}{items} };
ok($listed->{used} && !$listed->{token}, 'the list says when it was used, not what it is');
is(value("SELECT count(*) FROM tokens WHERE name = 'robot' AND scopes = 'read'"), 1, 'the database has it');
rows("UPDATE tokens SET expires_ms = 1 WHERE id = $token->{id}");
is(ask('GET', '/me', %bearer)->{status}, 401, 'it ends');
rows("UPDATE tokens SET expires_ms = $now * 2 WHERE id = $token->{id}");
is(ask('DELETE', "/me/tokens/$token->{id}", jar => $hanako)->{status}, 204, 'it is revoked');
is(ask('GET', '/me', %bearer)->{status}, 401, 'and does no more');
is(ask('DELETE', "/me/tokens/$token->{id}", jar => $hanako)->{status}, 404, 'once');
($code, $out) = hk('user', 'token', '--scopes', 'read,export', '--days', '2', 'hanako', 'from the shell');
is($code, 0, 'user token');
chomp $out;
%bearer = (headers => { Authorization => "Bearer $out" });
is(ask('GET', '/me', %bearer)->{status}, 200, 'prints one that works');

# --- streams end with what opened them ---
my %token = map { my $made = ask('POST', '/me/tokens', json => { name => "stream $_", scopes => ['read'] }, jar => $hanako)->{json}; ($_ => $made) } qw(revoked over);
my $listener = enter('taro');
my %heard;
my %stream = map {; $_->[0] => listen_with($_->[1]) } [ revoked => "Authorization: Bearer $token{revoked}{token}" ], [ over => "Authorization: Bearer $token{over}{token}" ],
	[ session => "Cookie: $listener->{cookie}" ], [ holds => "Cookie: $admin->{cookie}" ];

sub listen_with {
	my ($header) = @_;
	my $socket = connect_to();
	print $socket "GET /api/v1/events HTTP/1.1\r\nHost: x\r\n$header\r\n\r\n";
	$socket->flush;
	return $socket;
}

# What has come on a stream so far.
sub hears {
	my ($name) = @_;
	while (IO::Select->new($stream{$name})->can_read(0)) {
		sysread $stream{$name}, my $piece, 65536 or last;
		$heard{$name} .= $piece;
	}
	return $heard{$name} // '';
}
ok(until_ok("a stream by $_", sub { hears($_) =~ /event: hello/ }), "a stream by what is $_") for sort keys %stream;
is(ask('DELETE', "/me/tokens/$token{revoked}{id}", jar => $hanako)->{status}, 204, 'a token is revoked');
rows("UPDATE tokens SET expires_ms = 1 WHERE id = $token{over}{id}");
rows("UPDATE sessions SET ends_ms = 1 WHERE user_id = (SELECT id FROM users WHERE login = 'taro')");
ok(until_ok("the end of $_", sub { hears($_) =~ /\r\n0\r\n\r\n$/ }, 100), "the stream of what is $_ ends") or diag hears($_) for qw(revoked over session);
unlike(hears('holds'), qr/\r\n0\r\n\r\n$/, 'who still may goes on listening');
close $_ for values %stream;

# --- users ---
my $made_user = ask('POST', '/users', json => { login => 'Jiro', name => '次郎', roles => ['viewer'], password => password('jiro') }, jar => $admin);
is($made_user->{status}, 201, 'an administrator makes a user') or diag $made_user->{content};
is($made_user->{json}{login}, 'jiro', 'with a folded login');
my $jiro = $made_user->{json}{id};
is(ask('POST', '/users', json => { login => 'jiro' }, jar => $admin)->{status}, 409, 'once');
is(ask('POST', '/users', json => { login => 'ji ro' }, jar => $admin)->{json}{field}, 'login', 'with a login that can be one');
is(ask('PATCH', "/users/$jiro", json => { roles => ['analyst'] }, jar => $admin)->{status}, 428, 'a change says what it is based on');
is(ask('PATCH', "/users/$jiro", json => { roles => ['analyst'] }, jar => $admin, headers => { 'If-Match' => '"7"' })->{status}, 412, 'and that must hold still');
my $jiros = enter('jiro');
my $changed = ask('PATCH', "/users/$jiro", json => { roles => ['analyst'] }, jar => $admin, headers => { 'If-Match' => $made_user->{headers}{etag} });
is($changed->{status}, 200, 'roles are changed') or diag $changed->{content};
is(ask('GET', '/session', jar => $jiros)->{status}, 401, 'which ends the sessions');
is(ask('GET', '/users', jar => $hanako)->{status}, 403, 'others may not');
my $me = (grep { $_->{login} eq 'admin' } @{ ask('GET', '/users', jar => $admin)->{json}{items} })[0];
is(ask('PATCH', "/users/$me->{id}", json => { roles => ['viewer'] }, jar => $admin, headers => { 'If-Match' => "\"$me->{version}\"" })->{status}, 409, 'the last administrator stays one');
is((hk('user', 'disable', 'hanako'))[0], 0, 'user disable');
is(ask('GET', '/session', jar => $hanako)->{status}, 401, 'ends the session');
is(ask('GET', '/me', %bearer)->{status}, 401, 'and the token');
is(enter('hanako', password('hanako 3'))->{answer}{status}, 401, 'and there is no way in');

# --- the trail ---
my %acts = map { $_->[0] => $_->[1] } rows('SELECT act, count(*) FROM events GROUP BY act');
ok($acts{$_}, "audited: $_") for qw(user.new user.login user.refused user.logout user.roles user.edit user.password user.totp user.unlock user.sessions token.new token.revoke);
unlike(join("\n", map { @$_ } rows('SELECT data FROM events')), qr/\Qlong word\E|hk_[\w-]{43}|nobody-here/, 'no secret, and no login that is none, stands in it');
is(stop_web(), 0, 'SIGTERM ends it in good order');

# --- a second factor for everybody ---
start_web('--require-totp');
$taro = enter('taro');
ok($taro->{answer}{json}{totp_required}, 'the login says that a second factor is required');
is(ask('GET', '/events', jar => $taro)->{status}, 403, 'nothing goes before it is set up');
$made = ask('POST', '/me/totp', jar => $taro);
is($made->{status}, 200, 'but setting it up');
is(ask('POST', '/me/totp/confirm', json => { code => totp($made->{json}{secret}, int(time / 30)) }, jar => $taro)->{status}, 204, 'which opens the rest');
is(ask('GET', '/me', jar => $taro)->{status}, 200, 'as it does');
is(ask('DELETE', '/me/totp', json => { code => totp($made->{json}{secret}, int(time / 30) + 1) }, jar => $taro)->{status}, 409, 'and it cannot be dropped');
add_user('both', 'viewer');
rows("UPDATE users SET oidc_issuer = 'https://sso.example', oidc_subject = 'b' WHERE login = 'both'");
is(ask('GET', '/cases', jar => enter('both'))->{status}, 403, 'who has single sign-on as well does not get around it by password');
done_testing();
