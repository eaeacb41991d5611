#!/usr/bin/perl
# databases: both
# Every role against every route, every token scope against every route, nobody against every route: as roles.def and routes.def say, with
# live requests. What a role may not do is refused before the handler runs; what it may do is not refused for its role.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use CtFollow;
use House;
use JSON::PP;
use Test::More;
use Web;

my $src = "$FindBin::Bin/../../src/web";
(my $roles_def = slurp("$src/roles.def")) =~ s{^/\*.*?\*/}{}gms;
(my $routes_def = slurp("$src/routes.def")) =~ s{^/\*.*?\*/}{}gms;
my (@roles, %role_id, @scopes, %scope_id, %perms, @routes);
while ($roles_def =~ /^ROLE\((\w+), "(\w+)"/mg) { push @roles, $2; $role_id{$1} = $2 }
while ($roles_def =~ /^SCOPE\((\w+), "(\w+)"/mg) { push @scopes, $2; $scope_id{$1} = $2 }
while ($roles_def =~ /^PERM\((\w+),\s*([\w| ]+),\s*(\w+),/mg) {
	my ($id, $who, $scope) = ($1, $2, $3);
	$perms{$id} = { who => $who, roles => { map { ($role_id{$_} // $_) => 1 } split / \| /, $who }, scope => $scope_id{$scope} };
}
while ($routes_def =~ /^ROUTE\((\w+), (\w+), "([^"]+)", \w+, (\w+), (\w+), ([\w| ]+), "/mg) {
	push @routes, { id => $1, method => $2, path => $3, perm => $4, body => $5 };
}
is(scalar @roles, 7, 'seven roles');
cmp_ok(scalar @routes, '>', 20, 'routes were read: ' . @routes);
is(scalar(() = $routes_def =~ /^ROUTE\(/mg), scalar @routes, 'all of them');
is_deeply([ grep { !$perms{$_->{perm}} } @routes ], [], 'each has a permission that exists');

new_house('roles');
add_user('boss', 'system_admin');
add_user("u-$_", $_) for @roles;
add_user('u-all', join ',', @roles);
is((hk(\(password('u-none') . "\n"), 'user', 'add', 'u-none'))[0], 0, 'a user without a role');
start_web('--header-timeout', '10m');

my %jars = map { $_ => enter("u-$_") } @roles, 'none';
is_deeply([ grep { !$jars{$_}{cookie} } sort keys %jars ], [], 'all of them log in');
my %tokens;
for my $scope (@scopes) {
	my ($code, $out) = hk('user', 'token', '--scopes', $scope, 'u-all', $scope);
	($tokens{$scope}) = $out =~ /(\S+)/;
}

# first_of(route, headers): status and detail of the answer. Objects of number 2^62 do not exist, bodies are empty: nothing is done.
sub first_of {
	my ($route, $headers) = @_;
	(my $path = $route->{path}) =~ s/:\w+/4611686018427387904/g;
	$path =~ s/\*\w+/none/g;
	my $body = $route->{body} eq 'NONE' || $route->{method} eq 'GET' ? '' : '{}';
	my $type = $body ? "Content-Type: application/json\r\n" : '';
	my $socket = connect_to();
	print $socket "$route->{method} /api/v1$path HTTP/1.1\r\nHost: x\r\nConnection: close\r\nIf-Match: \"1\"\r\n$type"
		. "Content-Length: @{[ length $body ]}\r\n$headers\r\n$body";
	$socket->flush;
	my $got = '';
	while (sysread $socket, my $piece, 65536) {
		$got .= $piece;
		last if $got =~ /\r\n\r\n/ && ($got =~ /^Content-Type: text\/event-stream/mi || $got =~ /\r\n\r\n.*\}$/s);
	}
	my ($status) = $got =~ m{^HTTP/1\.1 (\d+)};
	my ($detail) = $got =~ /"detail":"([^"]*)/;
	return ($status // 0, $detail // '');
}

# Ending the session would spoil the rest; so that is asked last, and for everybody alone.
my @first = grep { $_->{id} ne 'SESSION_END' } @routes;
my ($asked, $fives) = (0, 0);

sub check {
	my ($name, $headers, $may) = @_;
	my (@wrong, @broken);
	for my $route (@first) {
		my ($status, $detail) = first_of($route, $headers);
		my $refused = $status == 403 && $detail =~ /^(?:you may not|the token may not): / || $status == 401 && $detail =~ /^nobody is logged in/;
		$asked++;
		push @wrong, "$route->{id} ($route->{perm}): $status $detail" if $refused == !!$may->($route) || $status == 0;
		push @broken, "$route->{id}: $status $detail" if $status >= 500;
	}
	is_deeply(\@wrong, [], "$name: what the tables say, and nothing else");
	is_deeply(\@broken, [], "$name: no request fails on our side");
}

sub role_may {
	my ($route, @have) = @_;
	my $perm = $perms{$route->{perm}};
	return 1 if $perm->{roles}{PUBLIC} || $perm->{roles}{EVERYONE};
	return !!grep { $perm->{roles}{$_} } @have;
}

check('nobody', '', sub { $perms{$_[0]{perm}}{roles}{PUBLIC} });
check('a user without a role', "Cookie: $jars{none}{cookie}\r\nX-CSRF-Token: $jars{none}{csrf}\r\n", sub { role_may($_[0]) });
for my $role (@roles) {
	my $jar = $jars{$role};
	check("role $role", "Cookie: $jar->{cookie}\r\nX-CSRF-Token: $jar->{csrf}\r\n", sub { role_may($_[0], $role) });
}
for my $scope (@scopes) {
	check("scope $scope, all roles", "Authorization: Bearer $tokens{$scope}\r\n",
		sub { my $perm = $perms{$_[0]{perm}}; return $perm->{roles}{PUBLIC} || ($perm->{scope} // '') eq $scope });
}
my ($out) = (hk('user', 'token', '--scopes', join(',', @scopes), 'u-viewer', 'x'))[1] =~ /(\S+)/;
check('every scope, role viewer', "Authorization: Bearer $out\r\n", sub { my $perm = $perms{$_[0]{perm}}; return $perm->{roles}{PUBLIC} || ($perm->{scope} && role_may($_[0], 'viewer')) });
diag "$asked requests";
is_deeply([ map { $_->{id} } grep { $_->{method} eq 'DELETE' && ($perms{$_->{perm}}{scope} // '') eq 'write' } @routes ], [], 'the scope write takes nothing away');
my $unlabel = ask('POST', '/cases/bulk', json => { select => { ids => [1] }, act => 'unlabel', value => 'x' }, headers => { Authorization => "Bearer $tokens{write}" });
is($unlabel->{status}, 403, 'not in bulk either') or diag $unlabel->{content};
like($unlabel->{json}{detail} // '', qr/^the token may not: take/, 'and is told why');

# A forged request is refused on every route that writes, whatever the role.
my $all = enter('u-all');
my @open;
for my $route (grep { $_->{method} ne 'GET' && !$perms{$_->{perm}}{roles}{PUBLIC} } @routes) {
	my ($status, $detail) = first_of($route, "Cookie: $all->{cookie}\r\n");
	push @open, "$route->{id}: $status $detail" if $status != 403 || $detail !~ /forged/;
}
is_deeply(\@open, [], 'no route writes without the CSRF token');
is(stop_web(), 0, 'and an end');
done_testing();
