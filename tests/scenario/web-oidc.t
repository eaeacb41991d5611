#!/usr/bin/perl
# databases: both
# Single sign-on against a real provider (hikeshi-range oidc) that tells the truth, and then every lie it knows.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use CtFollow;
use House;
use HTTP::Tiny;
use JSON::PP;
use Encode qw(decode_utf8);
use Test::More;
use Web;

my $providers = 0;

sub start_provider {
	my $name = 'oidc' . $providers++;
	my $pid = CtFollow::start("$work/$name.out", "$work/$name.err", 0, $CtFollow::range, 'oidc', '--user', 'hanako:s-1:csirt,board', '--user', 'taro:s-2:audit',
		'--user', 'guest:s-3:nothing', '--user', 'local:s-4:csirt', '--user', 'prepared:s-5:csirt', '--user', 'robot:s-6:csirt', '--user', 'board:s-7:csirt', '--user', 'moved:s-8:csirt', @_);
	until_ok('the provider', sub { slurp("$work/$name.out") =~ /\n/ }) or die slurp("$work/$name.err");
	return { pid => $pid, url => decode_json(slurp("$work/$name.out"))->{url} };
}

new_house('oidc');
add_user('local', 'viewer');
add_user('admin', 'system_admin');
is((hk('user', 'add', '--sso', 'prepared'))[0], 0, 'a user who is to come by single sign-on');
is((hk('user', 'add', '--no-password', 'robot'))[0], 0, 'one for tokens only');
add_user('moved', 'viewer');
my $provider = start_provider();
my @options = ('--oidc-issuer', $provider->{url}, '--oidc-name', '銀行SSO', '--oidc-role', 'csirt=analyst', '--oidc-role', 'board=viewer', '--oidc-role', 'audit=auditor');
start_web(@options, '--oidc-create');
my $plain = HTTP::Tiny->new(max_redirect => 0, timeout => 60);
my $control = sub { is($plain->post("$provider->{url}/control?$_[0]")->{status}, 200, "provider: $_[0]") };

# travel(change): as a browser goes: start, provider, callback; {where, cookie} of the end. change(url of the callback) may spoil it.
sub travel {
	my ($change, %with) = @_;
	my $start = ask('GET', '/oidc/start');
	$start->{status} == 302 or return { status => $start->{status}, content => $start->{content} };
	my ($trip) = $start->{headers}{'set-cookie'} =~ /^(hk_oidc=[^;]+)/;
	my $there = $plain->get($start->{headers}{location});
	my $back = $there->{headers}{location} // return { status => $there->{status} };
	$back = $change->($back) if $change;
	my $end = $plain->get($back, { headers => $with{no_cookie} ? {} : { Cookie => $trip } });
	my $set = $end->{headers}{'set-cookie'};
	my ($session) = grep { /^hk_session=[\w-]{43}/ } ref $set ? @$set : $set // ();
	return { status => $end->{status}, where => $end->{headers}{location}, cookie => $session ? $session =~ s/;.*//r : undef, back => $back, trip => $trip, start => $start };
}

sub refused {
	my ($trip, $what) = @_;
	ok(!$trip->{cookie} && ($trip->{where} // '') eq '/#/login?error=sso', "refused: $what") or diag explain $trip;
}

is_deeply(ask('GET', '/login-options')->{json}{oidc}, { name => decode_utf8('銀行SSO') }, 'the board knows what to call it');

# --- the truth ---
my $trip = travel();
is($trip->{where}, '/', 'a login') or diag slurp($site->{err});
my $start = $trip->{start};
like($start->{headers}{'set-cookie'}, qr/; Path=\/api\/v1\/oidc; HttpOnly; SameSite=Lax;/, 'what is carried is for the callback only');
like($start->{headers}{location}, qr/code_challenge=[\w-]{43}&code_challenge_method=S256$/, 'PKCE');
my $session = ask('GET', '/session', headers => { Cookie => $trip->{cookie} })->{json};
is($session->{user}{login}, 'hanako', 'makes the user');
is_deeply($session->{user}{roles}, [qw(viewer analyst)], 'with the roles of the groups');
is($session->{stage}, 'full', 'and is a whole one');
my $again = travel();
is(ask('GET', '/session', headers => { Cookie => $again->{cookie} })->{json}{user}{id}, $session->{user}{id}, 'the same user the next time');
my $replay = $plain->get($trip->{back}, { headers => { Cookie => $trip->{trip} } });
is($replay->{headers}{location}, '/#/login?error=sso', 'a code works once');
$control->('user=taro');
my $taro = travel();
is_deeply(ask('GET', '/session', headers => { Cookie => $taro->{cookie} })->{json}{user}{roles}, ['auditor'], 'another user, another role');
rows("UPDATE user_roles SET role = 'system_admin' WHERE role = 'auditor'");
$taro = travel();
is_deeply(ask('GET', '/session', headers => { Cookie => $taro->{cookie} })->{json}{user}{roles}, ['auditor'], 'roles are those of the groups at every login');
is((hk('user', 'disable', 'taro'))[0], 0, 'disabled');
refused(travel(), 'a disabled user');

# --- who is who ---
$control->('user=guest');
refused(travel(), 'no group gives a role');
$control->('user=local');
my $local = travel();
my $found = ask('GET', '/session', headers => { Cookie => $local->{cookie} })->{json}{user};
like($found->{login}, qr/^sso-/, 'a local account is not taken over by its name');
$control->('user=prepared');
my $prepared = ask('GET', '/session', headers => { Cookie => travel()->{cookie} })->{json}{user};
is($prepared->{login}, 'prepared', 'one that was made for single sign-on is bound at the first login');
is(value("SELECT count(*) FROM users WHERE login = 'prepared' AND oidc_subject = 's-5'"), 1, 'for good');
like(join("\n", map { $_->[0] } rows("SELECT data FROM events WHERE act = 'user.edit' ORDER BY seq")), qr/"sso":"awaited".*"sso":"bound"/s, 'the trail tells both');
my $name_of = sub { my $to = travel(); return ask('GET', '/session', headers => { Cookie => $to->{cookie} })->{json}{user}{login} // '' };
$control->('user=robot');
like($name_of->(), qr/^sso-/, 'one for tokens only is not, though it has no password either');
is(value("SELECT count(*) FROM users WHERE login = 'robot' AND oidc_subject IS NOT NULL"), 0, 'and stays as it was');
my $admin = enter('admin');
is(ask('POST', '/users', json => { login => 'board', sso => JSON::PP::true }, jar => $admin)->{status}, 201, 'the board marks as well');
is(value("SELECT count(*) FROM users WHERE login = 'board' AND oidc_subject IS NULL"), 1, 'it waits');
$control->('user=board');
is($name_of->(), 'board', 'and is bound');
is($name_of->(), 'board', 'and the same again');
is((hk('user', 'sso', 'moved'))[0], 0, 'an account with a password is marked by hand');
$control->('user=moved');
is($name_of->(), 'moved', 'then it is bound, and only then');
ok(enter('moved')->{cookie}, 'its password holds as before');
is((hk('user', 'sso', 'nobody-here'))[0], 66, 'nobody is marked who is not there');

# --- lies ---
$control->('user=hanako');
for my $fault (qw(nonce no-nonce expired future audience audiences issuer alg-none alg-hs256 key signature no-subject state denied token-error token-text)) {
	$control->("fault=$fault");
	refused(travel(), $fault);
}
$control->('fault=none');
ok(travel()->{cookie}, 'and the truth again');
refused(travel(undef, no_cookie => 1), 'a browser that began nothing');
refused(travel(sub { $_[0] =~ s/code=[^&]+/code=other/r }), 'a code of nobody');
refused(travel(sub { $_[0] =~ s/state=[^&]+/state=other/r }), 'another state');
refused(travel(sub { $_[0] =~ s/state=[^&]+//r }), 'no state');
refused(travel(sub { "$_[0]&iss=https%3A%2F%2Fother.example" }), 'the answer of another provider (RFC 9207)');
refused(travel(sub { $_[0] =~ s/\?.*/?error=server_error/r }), 'an error of the provider');
my $first = travel(sub { $_[0] });
my $mixed = $plain->get($first->{back}, { headers => { Cookie => ask('GET', '/oidc/start')->{headers}{'set-cookie'} =~ s/;.*//r } });
is($mixed->{headers}{location}, '/#/login?error=sso', 'the answer to one login does not fit another');
cmp_ok(value("SELECT count(*) FROM events WHERE act = 'user.refused'"), '>=', 20, 'refusals are audited');
like(slurp($site->{err}), qr/oidc\.failed .*reason="[^"]*nonce/, 'and logged with their reason');
is(stop_it($provider->{pid}), 0, 'the provider ends');
is(ask('GET', '/healthz')->{status}, 200, 'the board does not need it');
ok(enter('local')->{cookie}, 'local accounts come in without it');
stop_web();

# --- another provider: ES256, a secret ---
$provider = start_provider('--alg', 'ES256', '--client-secret', 'pst: a secret', '--client', 'board');
spew("$work/secret", "pst: a secret\n");
chmod 0600, "$work/secret";
@options = ('--oidc-issuer', $provider->{url}, '--oidc-client', 'board', '--oidc-secret-file', "$work/secret");
start_web(@options);
refused(travel(), 'nobody is made without --oidc-create');
is((hk('user', 'add', '--no-password', '--roles', 'approver', 'hanako2'))[0], 0, 'a user');
$provider->{users} = 1;
$control->('user=prepared');
refused(travel(), 'an identity of another provider is another identity');
is((hk('user', 'sso', 'prepared'))[0], 0, 'unless an administrator moves the account');
is($name_of->(), 'prepared', 'to the new provider');
is(value("SELECT count(*) FROM users WHERE login = 'prepared' AND oidc_issuer = '$provider->{url}'"), 1, 'where it stays');
$control->('user=robot');
stop_web();
start_web(@options, '--oidc-create');
$trip = travel();
ok($trip->{cookie}, 'ES256 and a client secret') or diag slurp($site->{err});
is_deeply(ask('GET', '/session', headers => { Cookie => $trip->{cookie} })->{json}{user}{roles}, [], 'without a mapping a new user has no role');
$control->('fault=signature');
refused(travel(), 'a wrong signature of that kind');
stop_web();
$control->('fault=mixed');
start_web(@options, '--oidc-create');
is(travel()->{status}, 409, 'a provider that calls itself otherwise is not used');
stop_web();

is((hk('web', '--listen', '127.0.0.1:0', '--web-key', "$work/web.key", '--oidc-issuer', 'http://sso.example'))[0], 77, 'a provider in clear is refused');
is((hk('web', '--listen', '127.0.0.1:0', '--web-key', "$work/web.key", '--oidc-issuer', 'https://sso.example', '--oidc-role', 'x=king'))[0], 78, 'a role that is none');
done_testing();
