#!/usr/bin/perl
# The evidence of a case on the board, in Chromium: tests/browser/evidence.mjs prints the TAP. The evidence comes from tests/evidence_fixture.c.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use CtFollow;
use House;

my $source = "$FindBin::Bin/../..";
$ENV{HK_SRC} = $source;
if (!-e ($ENV{HK_CHROMIUM} || '/usr/bin/chromium')) {
	print "1..0 # SKIP no Chromium here (HK_CHROMIUM names one)\n";
	exit 0;
}

my $dir = new_house('evidence', evidence => 1, listen => '127.0.0.1:0');
my $password = 'correct horse battery staple';
my ($code, $out, $err) = hk(\"$password\n", 'user', 'add', '--roles', 'analyst,system_admin', '--name', '当番 花子', 'hanako');
$code == 0 or die "user add: $err";
# The web role alone: nobody does the jobs, so that what waits goes on waiting.
my $web = spawn_role('web', 'web');
my $at;
until_ok('the web role listens', sub { ($at) = slurp("$work/web.err") =~ m{web\.listens url=(\S+)}; $at }) or die slurp("$work/web.err");
$at =~ s{/$}{};
(my $fixture = $CtFollow::hikeshi) =~ s{src/hikeshi$}{tests/evidence_fixture};
my $status = system('node', "$source/tests/browser/evidence.mjs", $at, 'hanako', $password, $fixture, $House::database, "$dir/audit.key", "$dir/blobs");
print STDERR map { "# $_\n" } grep { /error|warning|fatal/ } split /\n/, slurp("$work/web.err") if $status;
stop_it($web);
exit($status ? 1 : 0);
