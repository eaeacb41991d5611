#!/usr/bin/perl
# databases: both
# The roles: serve and its children, leases of logs among watch processes, refusals that say what to do.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use CtFollow;
use House;
use Test::More;

my @targets = (targets => "$FindBin::Bin/../../conf/targets/example.conf");
my @logs = map { start_log($_, '--size', '600', '--rate', '5', '--publish-ms', '200', '--phish-every', '4', '--api', 'static') } qw(one two);
my $dir = new_house('roles', logs => list_of('two.json', @logs), from => 'start', poll => '200ms', rate => '0', listen => '127.0.0.1:0', @targets);

# --- refusals ---
my ($code, $out, $err) = hk('serve', '--database', "$work/none.db");
is($code, 66, 'no database: refused');
like($err, qr/hikeshi db init/, 'and told what to do');
($code, $out, $err) = hk('watch', '--audit-key', "$work/none.key");
is($code, 78, 'no audit key: refused');
like($err, qr/none\.key/, 'and told which file');

# --- serve ---
my $serve = spawn_role('serve', 'serve', '--workers', '2');
my $alive = sub { my %n; $n{$_->[0]}++ for rows('SELECT role FROM workers'); return join ' ', map { "$_=$n{$_}" } sort keys %n };
ok(until_ok('all roles', sub { $alive->() eq 'watch=1 web=1 work=9' }), 'serve starts web, two workers, one each for the browser, looks, short links, monitor and chat, two that send, and watch') or diag $alive->(), slurp("$work/serve.err");
ok(until_ok('sightings', sub { value('SELECT COUNT(*) FROM sightings') >= 5 }), 'watch makes sightings') or diag slurp("$work/serve.err");
ok(until_ok('cases', sub { value('SELECT COUNT(*) FROM cases') >= 1 }), 'work opens cases of them') or diag slurp("$work/serve.err");
# A worker in the middle of something long is killed: its lease is worth nothing from then on.
my ($queued) = (hk(\join("\n", map { "https://long$_.roles.example/" } 1 .. 20_000), 'case', 'add', '--queue', '--dry-run', '-'))[1] =~ /queued intake (\d+)/;
my $lease = sub { my ($row) = rows("SELECT owner, lease_ms, state FROM jobs WHERE stage = 'intake' AND key = '$queued'"); return @{ $row || [] } };
my ($owner, $until);
ok(until_ok('the long list', sub { ($owner, $until) = $lease->(); return $owner }), 'a worker has a long list');
my ($victim) = $owner =~ /-(\d+)-[0-9a-f]+$/;
kill 'KILL', $victim;
my ($next, $next_until);
ok(until_ok('another', sub { ($next, $next_until) = $lease->(); return $next && $next ne $owner }, 240), 'another one goes on with it') or diag join ' ', map { $_ // '-' } $lease->();
# Taken 60 s before it runs out, or later: a lease that had not run out yet was given up.
cmp_ok($next_until - 60_000, '<', $until, 'without waiting for the lease to run out');
my $started = sub { my @n = slurp("$work/serve.err") =~ /role\.started role=work/g; return scalar @n };
ok(until_ok('again', sub { slurp("$work/serve.err") =~ /role\.ended role=work status=-9/ && $started->() >= 3 }), 'a worker that is killed is started again')
	or diag slurp("$work/serve.err");
is(value("SELECT COUNT(*) FROM workers WHERE name = '$owner'"), 0, 'the dead one is no longer on the list');
is(stop_it($serve), 0, 'SIGTERM ends it in good order') or diag slurp("$work/serve.err");
is(value("SELECT COUNT(*) FROM workers"), 0, 'and all of them have said goodbye');
is(join(' ', map { $_ // '-' } ($lease->())[2]), 'ready', 'the long list is given back');
rows("UPDATE intakes SET state = 'cancelled' WHERE id = $queued");

# serve dies without a word: its children go, too.
$serve = spawn_role('orphan', 'serve');
ok(until_ok('the children', sub { my @n = slurp("$work/orphan.err") =~ /role\.started/g; return @n >= 4 }), 'serve again');
my @pids = slurp("$work/orphan.err") =~ /role\.started role=\w+ pid=(\d+)/g;
kill_it($serve);
ok(until_ok('they end', sub { !grep { kill 0, $_ } @pids }), 'kill -9 of serve leaves no child behind');

# --- a brand that the pack has learned becomes a target, and what people said of one stays ---
my $more = spew("$work/more.conf", slurp("$FindBin::Bin/../../conf/targets/example.conf") . "\n[Betsu]\nkind = bank\nalias = Betsu Bank\ntoken = betsubank\nofficial = betsu-bank.example\n");
rows("UPDATE targets SET name_en = 'as people call it'");
my $brands = spawn_role('brands', 'watch', '--state', "$work/brands", '--targets', $more);
ok(until_ok('the brand', sub { value("SELECT COUNT(*) FROM targets WHERE key = 'betsu-bank' AND own = 0 AND name = 'Betsu'") == 1 }), 'a new brand of the pack is a target when watch starts') or diag slurp("$work/brands.err");
spew($more, slurp($more) . "\n[Mikka]\nkind = bank\ntoken = mikkabank\nofficial = mikka-bank.example\n");
kill 'HUP', $brands;
ok(until_ok('the next', sub { value("SELECT COUNT(*) FROM targets WHERE key = 'mikka-bank'") == 1 }), 'and at SIGHUP') or diag slurp("$work/brands.err");
is(value("SELECT COUNT(*) FROM targets WHERE name_en = 'as people call it'"), 1, 'one that was there is left as it is');
is(stop_it($brands), 0, 'SIGTERM');
# So, too, where no logs are followed: mailboxes, feeds and the bell alone.
use_house(spew("$dir/no-logs.conf", slurp("$dir/hikeshi.conf") =~ s/^logs = .*\n//mr));
$brands = spawn_role('no-logs', 'watch', '--state', "$work/no-logs", '--targets', $more);
ok(until_ok('the role', sub { value("SELECT COUNT(*) FROM workers WHERE role = 'watch'") == 1 }), 'watch without logs') or diag slurp("$work/no-logs.err");
spew($more, slurp($more) . "\n[Yokka]\nkind = bank\ntoken = yokkabank\nofficial = yokka-bank.example\n");
kill 'HUP', $brands;
ok(until_ok('the last', sub { value("SELECT COUNT(*) FROM targets WHERE key = 'yokka-bank'") == 1 }), 'takes a new brand at SIGHUP, too') or diag slurp("$work/no-logs.err");
is(stop_it($brands), 0, 'SIGTERM');
use_house("$dir/hikeshi.conf");

# --- two watch processes share two logs ---
my $owners = sub { return join ' ', sort map { $_->[0] } rows('SELECT COUNT(*) FROM ct_logs WHERE owner IS NOT NULL GROUP BY owner') };
my $first = spawn_role('first', 'watch', '--state', "$work/first");
ok(until_ok('both logs', sub { $owners->() eq '2' }), 'one watch process follows both logs') or diag $owners->(), slurp("$work/first.err");
my ($again, $in_use) = (hk('watch', '--state', "$work/first"))[0, 2];
is($again, 77, 'a second one with the same state folder is refused') or diag $in_use;
my $second = spawn_role('second', 'watch', '--state', "$work/second");
ok(until_ok('one each', sub { $owners->() eq '1 1' }), 'a second one with its own folder gets its share') or diag $owners->(), slurp("$work/first.err"), slurp("$work/second.err");
stop_it($first);
ok(until_ok('both again', sub { $owners->() eq '2' }), 'and all of them when the first has gone') or diag $owners->(), slurp("$work/second.err");
control($_, 'rate?per_second=0') for @logs;
control($_, 'publish') for @logs;
my $read = sub { my %v = map { $_->[0] => $_->[1] } rows('SELECT name, verified FROM ct_logs'); return !grep { ($v{$_->{name}} // 0) != control($_, 'state')->{size} } @logs };
ok(until_ok('all read', $read), 'every entry of both logs is verified');
is(stop_it($second), 0, 'stopped in good order');

done_testing();
