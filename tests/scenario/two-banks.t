#!/usr/bin/perl
# The drill for two banks (range/scenarios/two-banks.scenario): two houses in one world. Each sees its own part; what the first hears of a wave against the second leaves as a notice when
# a second person has approved it, and the second opens a case of it; what the second's feed says of the first goes the other way.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib", "$FindBin::Bin/../../tools/lib";
use CtFollow;
use JSON::PP;
use Person;
use Test::More;

my $json = JSON::PP->new->utf8->canonical;
my $src = "$FindBin::Bin/../..";
my $password = 'correct horse battery 9';
$CtFollow::deadline_s = 150;
binmode Test::More->builder->$_, ':utf8' for qw(output failure_output todo_output);

# --- the world ---
my $play = start("$work/play.out", "$work/play.err", 0, $CtFollow::range, 'play', 'two-banks', '--dir', "$work/drill", '--share', $src, '--speed', '4');
ok(until_ok('the world', sub { slurp("$work/play.out") =~ /\n/ || !kill 0, $play }), 'the world is there') or BAIL_OUT(slurp("$work/play.err"));
my ($ready) = map { $json->decode($_) } (split /\n/, slurp("$work/play.out"))[0];
my %house = map { $_->{name} => $_ } @{ $ready->{banks} };

# --- two houses ---
# run_hk(bank, input, word...): dies if it fails.
sub run_hk {
	my ($bank, $input, @words) = @_;
	my $in = spew("$work/.in", $input);
	my $pid = fork() // die "fork: $!";
	if (!$pid) {
		open STDIN, '<', $in;
		open STDOUT, '>', "$work/.hk.out";
		open STDERR, '>', "$work/.hk.err";
		exec { $CtFollow::hikeshi } $CtFollow::hikeshi, @words, '--config', $house{$bank}{config} or POSIX::_exit(127);
	}
	waitpid $pid, 0;
	die slurp("$work/.hk.err") if $?;
	return slurp("$work/.hk.out");
}
sub rows_in {
	my ($bank, $sql) = @_;
	open my $from, '-|', 'sqlite3', '-cmd', '.timeout 20000', '-separator', "\t", "$house{$bank}{dir}/hikeshi.db", $sql or die "sqlite3: $!";
	my @rows = map { chomp; [split /\t/, $_, -1] } <$from>;
	close $from;
	return @rows;
}
sub value_in { my @rows = rows_in(@_); return @rows ? $rows[0][0] : undef }
my %serve;
for my $bank (sort keys %house) {
	utf8::encode(my $name = $house{$bank}{own});
	run_hk($bank, '', 'db', 'init', '--own', $name);
	run_hk($bank, "$password\n", 'user', 'add', '--roles', 'analyst,connector_admin,system_admin', 'akari');
	run_hk($bank, "$password\n", 'user', 'add', '--roles', 'approver', 'ren');
	$serve{$bank} = start("$work/$bank.out", "$work/$bank.err", 0, $CtFollow::hikeshi, 'serve', '--config', $house{$bank}{config}, '--workers', '1', '--send-workers', '1');
}
my (%akari, %ren);
for my $bank (sort keys %house) {
	ok(until_ok('board', sub { slurp("$work/$bank.out") =~ /"url"/ }), "$bank: the house stands") or BAIL_OUT(slurp("$work/$bank.err"));
	($house{$bank}{url}) = slurp("$work/$bank.out") =~ /"url":"([^"]+?)\/?"/;
	$akari{$bank} = Person->new($house{$bank}{url}, 'akari', $password);
	$ren{$bank} = Person->new($house{$bank}{url}, 'ren', $password);
	my @requests = map { $json->decode($_) } split /\n/, slurp($house{$bank}{requests});
	my @status = map { $akari{$bank}->call($_->{method}, $_->{path} =~ s{^/api/v1}{}r, $_->{body})->{status} } @requests;
	is(scalar(grep { $_ == 200 || $_ == 201 } @status), scalar @requests, "$bank: what cannot stand in a configuration is set") or diag "@status";
}
is(value_in('mihon-bank', "SELECT group_concat(key || ':' || own) FROM (SELECT key, own FROM targets ORDER BY key)"), 'betsu-bank:0,mihon-bank:1', 'each has its own brand, and knows the other');
ok(until_ok('ears', sub { my $s = $json->decode(HTTP::Tiny->new->get("$ready->{parts}{c2}{url}/-/state")->{content}); 5 == grep { $_->{clients} == 1 } @{ $s->{b} } }), 'one of them listens to the command channel') or diag slurp("$work/mihon-bank.err");
is(HTTP::Tiny->new->post("$ready->{control}/-/begin")->{status}, 200, 'it begins');

sub must {
	my ($bank, $name, $cond, $sql) = @_;
	return if ok(until_ok($name, $cond), $name);
	diag map { join(' | ', @$_) . "\n" } rows_in($bank, $sql);
	diag slurp("$work/$bank.err");
	done_testing();
	exit 1;
}
# notice(from, to): the notice to the other bank is drafted, approved by ren, and has left.
sub notice {
	my ($from, $to) = @_;
	my $what = "channel = 'mail' AND recipient = 'alerts\@$to.example'";
	my $all = 'SELECT case_id, channel, recipient, state, stops, why FROM reports';
	must($from, "$from: a notice to $to is drafted", sub { (value_in($from, "SELECT COUNT(*) FROM reports WHERE $what AND state = 'drafted'") // 0) >= 1 }, $all);
	is(value_in($from, "SELECT COUNT(*) FROM reports WHERE $what AND sent_ms IS NOT NULL"), 0, 'and waits');
	my @drafts = rows_in($from, "SELECT id, lower(hex(digest)) FROM reports WHERE $what AND state = 'drafted'");
	my $answer = $ren{$from}->call('POST', '/reports/approve', { reports => [map { { id => 0 + $_->[0], digest => $_->[1] } } @drafts], agree => ['first'] });
	is($answer->{status}, 200, 'ren approves it') or diag $answer->{content};
	must($from, "$from: it has left", sub { value_in($from, "SELECT COUNT(*) FROM reports WHERE $what AND sent_ms IS NOT NULL") >= 1 }, $all);
	return;
}
# sees(bank, host, source): a case of that host, by that source.
sub sees {
	my ($bank, $host, $source) = @_;
	return value_in($bank, "SELECT COUNT(*) FROM sightings s JOIN cases c ON c.id = s.case_id JOIN sources o ON o.id = s.source_id WHERE c.host = '$host' AND o.key LIKE '$source'") > 0;
}
my $sightings = 'SELECT o.key, s.title, s.case_id FROM sightings s JOIN sources o ON o.id = s.source_id';

# --- the first hears of the second ---
must('mihon-bank', 'a wave is heard', sub { value_in('mihon-bank', 'SELECT COUNT(*) FROM waves') == 1 }, 'SELECT port, state, why FROM c2_sessions');
is(value_in('betsu-bank', 'SELECT COUNT(*) FROM c2_sessions'), 0, 'by one of them');
is(value_in('mihon-bank', 'SELECT t.key FROM waves w JOIN targets t ON t.id = w.target_id'), 'betsu-bank', 'against the other');
notice('mihon-bank', 'betsu-bank');
must('betsu-bank', 'the other gets the notice, and opens a case', sub { sees('betsu-bank', 'oshirase88.betsu-kisei.test', 'mail:alerts') }, $sightings);
is(value_in('betsu-bank', "SELECT kind FROM cases WHERE host = 'oshirase88.betsu-kisei.test'"), 'phishing', 'which is its own') or diag map { "@$_\n" } rows_in('betsu-bank', 'SELECT host, kind, state FROM cases');

# --- the second reads of the first ---
must('betsu-bank', 'the feed has a site', sub { sees('betsu-bank', 'www.mihon-direct-saihakko.test', 'feed:%') }, $sightings);
my ($case) = rows_in('betsu-bank', "SELECT id, kind FROM cases WHERE host = 'www.mihon-direct-saihakko.test'");
is($case->[1], 'phishing_other', "against another bank") or diag map { "@$_\n" } rows_in('betsu-bank', 'SELECT host, kind, state FROM cases');
must('betsu-bank', 'its evidence is secured', sub { value_in('betsu-bank', "SELECT COUNT(*) FROM cases WHERE id = $case->[0] AND evidence_ms IS NOT NULL") }, 'SELECT stage, state FROM jobs');
my $version = value_in('betsu-bank', "SELECT version FROM cases WHERE id = $case->[0]");
is($akari{'betsu-bank'}->call('POST', "/cases/$case->[0]/acts", { act => 'confirm' }, $version)->{status}, 200, 'akari confirms it');
notice('betsu-bank', 'mihon-bank');
must('mihon-bank', 'the first gets it', sub { sees('mihon-bank', 'www.mihon-direct-saihakko.test', 'mail:alerts') }, $sightings);

# --- each its own part ---
ok(until_ok('alert', sub { sees('mihon-bank', 'login.mihon-bank.co.jp.x8d2kqz1.example', 'mail:alerts') }), "the detection service's mail is the first bank's");
ok(until_ok('customer', sub { sees('betsu-bank', 'login.betsu-bank.co.jp.q7d2kqz1.example', 'mail:customers') }), "the customer's mail is the second's");
for my $row (['mihon-bank', 'betsu-bank', 'login.mihon-bank.co.jp.x8d2kqz1.example'], ['betsu-bank', 'mihon-bank', 'login.betsu-bank.co.jp.q7d2kqz1.example']) {
	my ($own, $other, $host) = @$row;
	for my $bank ($own, $other) {
		must($bank, "$bank: the log is everybody's: $host", sub { sees($bank, $host, 'ct') }, $sightings);
	}
	is(value_in($own, "SELECT kind FROM cases WHERE host = '$host'"), 'phishing', "$own: it is its own");
	is(value_in($other, "SELECT kind FROM cases WHERE host = '$host'"), 'phishing_other', "$other: it is another's");
}
is(value_in('mihon-bank', "SELECT COUNT(*) FROM sightings s JOIN sources o ON o.id = s.source_id WHERE o.key LIKE 'feed:%' OR o.key = 'mail:customers'"), 0, 'the first has neither feed nor customer');
for my $bank (sort keys %house) {
	is(stop_it($serve{$bank}), 0, "$bank: SIGTERM") or diag slurp("$work/$bank.err");
	like(run_hk($bank, '', 'audit', 'verify'), qr/./, "$bank: the audit chain is whole");
}
is(stop_it($play), 0, 'the world ends');
unlike(slurp("$work/play.out"), qr/"error"/, 'no part refused anything') or diag slurp("$work/play.out");
done_testing();
