#!/usr/bin/perl
# Stage B of the range as hikeshi meets it: sys/ws, through egress as docs/range.md says, at an address of documentation. Each row of c2faults.def ends as it should, and the book
# has nothing that an observer has no business to say.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use CtFollow;
use HTTP::Tiny;
use JSON::PP;
use POSIX qw(:sys_wait_h _exit);
use Test::More;

my $src = "$FindBin::Bin/../..";
my $rig = "$ENV{HK_BUILD}/tests/c2_rig";
$CtFollow::deadline_s = 120;

# How the session ends, with which code, and the texts that came before, if any.
my %want = (
	(map { $_ => ['ours', 1000, 'pong'] } qw(none slow-handshake slow fragments binary)),
	'early' => ['ours', 1000, 'pong', 'pong'],
	'no-pong' => ['ours', 1000],
	'silent' => ['ours', 1006], # its close frame is not answered either
	'flood' => ['ours', 1006, ("\x{66f4}\x{65b0}&flood-flood-flood-flood-flood-f") x 5],
	'ping-flood' => ['ours', 1006],
	'refuse' => ['unreachable', 0],
	(map { $_ => ['timeout', 0] } qw(never-answer half-handshake not-http)),
	(map { $_ => ['handshake', 0] } qw(handshake-rst handshake-end endless-head)),
	(map { $_ => ['handshake', 101] } qw(wrong-accept no-accept no-upgrade unasked-extension unasked-protocol)),
	'banner' => ['handshake', 200], 'handshake-403' => ['handshake', 403], 'handshake-302' => ['handshake', 302],
	(map { $_ => ['limit', 1009] } qw(8gb-header endless-fragments empty-fragments)),
	(map { $_ => ['protocol', 1002] } qw(negative-length long-length reserved-bit unknown-opcode unknown-control lone-continuation nested-text fragmented-ping big-ping masked close-1005 close-999
		close-short)),
	(map { $_ => ['protocol', 1007] } qw(invalid-utf8 cut-utf8 surrogate close-utf8)),
	(map { $_ => ['lost', 1006] } qw(rst end cut-frame)),
	(map { /(\d+)$/; $_ => ['closed', $1 + 0] } qw(close-1000 close-1001 close-1002 close-1011 close-4000)),
	'close-none' => ['closed', 1005], 'close-and-talk' => ['closed', 1000],
);
my @faults = slurp("$src/range/c2faults.def") =~ /^FAULT\(\w+, "([^"]+)"/mg;
is_deeply([sort keys %want], [sort @faults], 'an end for each row of c2faults.def');

# A port for each.
my $first = 7775;
my %name = map { $faults[$_] => $first + $_ } 0 .. $#faults;
my $c2 = start("$work/out", "$work/err", 0, $CtFollow::range, 'c2', map { ('--port-b', $name{$_}, '--fault', "$_\@$name{$_}") } @faults);
until_ok('c2 is ready', sub { slurp("$work/out") =~ /\n/ }) or BAIL_OUT(slurp("$work/err"));
my $ready = decode_json(slurp("$work/out"));
my $list = sub { return '{' . join(', ', map { "\"$_\"" } @_) . '}' };
spew("$work/egress.conf", "range = 127.0.0.1\nports = " . $list->(80, 443, values %name) . "\nrange-addresses = {\"203.0.113.77\"}\nrange-ports = " . $list->(split / /, $ready->{range_ports}) . "\n");

# meets(fault): the rig's process, which is not ended by CtFollow: it ends by itself, and is waited for below.
sub meets {
	my ($fault) = @_;
	my $pid = fork() // die "fork: $!";
	return $pid if $pid;
	open STDOUT, '>', "$work/rig-$fault" or _exit(127);
	open STDERR, '>', "$work/rig-$fault.err" or _exit(127);
	exec { $rig } $rig, "$work/egress.conf", '203.0.113.77', $name{$fault} or _exit(127);
}

# A few at a time: most of what they do is wait.
my (@left, %running) = @faults;
until_ok('all have met it', sub {
	while (@left && keys %running < 8) {
		my $fault = shift @left;
		$running{ meets($fault) } = $fault;
	}
	for my $pid (keys %running) {
		delete $running{$pid} if waitpid($pid, WNOHANG) != 0;
	}
	return !@left && !%running;
}, 300);
for my $fault (@faults) {
	my $got = eval { decode_json(slurp("$work/rig-$fault")) } // { texts => [], end => slurp("$work/rig-$fault.err"), code => '' };
	is_deeply([$got->{end}, $got->{code}, @{ $got->{texts} }], $want{$fault}, "$fault: $want{$fault}[0]");
}
my $log = decode_json(HTTP::Tiny->new(timeout => 60)->get("$ready->{url}/-/log")->{content});
is($log->{strange}, 0, 'nothing was said but hello, beat, pong and close') or diag(encode_json([grep { $_->{strange} } @{ $log->{sessions} }]));
cmp_ok(scalar(grep { grep { $_->{said} eq 'hello' } @{ $_->{frames} } } @{ $log->{sessions} }), '>', 35, 'by those who came so far');
my ($none) = grep { $_->{port} == $name{none} } @{ $log->{sessions} };
like($none->{request}, qr{^GET / HTTP/1\.1\r\nHost: 203\.0\.113\.77:7775\r\n}, 'the address is the one that the drop names');
is_deeply([map { $_->{said} } @{ $none->{frames} }], ['hello', 'beat', 'close'], 'a session as it should be');
is(stop_it($c2), 0, 'it ends well');
done_testing();
