#!/usr/bin/perl
# databases: both
# What keeps writes from being lost or done twice: ETag and If-Match, Idempotency-Key; and what may not be cached.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use CtFollow;
use House;
use JSON::PP;
use Test::More;
use Web;

new_house('writes');
add_user('hanako', 'analyst');
add_user('taro', 'analyst');
start_web();
my $hanako = enter('hanako');
my $taro = enter('taro');
my %campaign = (json => { name => 'kit 7' });
my $count = sub { value("SELECT count(*) FROM campaigns") };

# --- the same request twice ---
my $make = sub {
	my ($key, %more) = @_;
	return ask('POST', '/campaigns', %campaign, jar => $hanako, %more, headers => { 'Idempotency-Key' => $key, %{ $more{headers} || {} } });
};
my $first = $make->('key-1');
is($first->{status}, 201, 'made') or diag $first->{content};
my $again = $make->('key-1');
is($again->{status}, 201, 'the same again');
is($again->{content}, $first->{content}, 'is told the same');
is($again->{headers}{'idempotency-replayed'}, 'true', 'and that it is a repetition');
is($count->(), 1, 'and nothing was made twice');
is($make->('key-1', json => { name => 'another' })->{status}, 422, 'another request with the key is refused');
is($make->('key-2')->{json}{id}, $first->{json}{id} + 1, 'another key makes another one');
is($make->('key-1', jar => $taro)->{status}, 201, "somebody else's key is another key");
is($count->(), 3, 'three in all');
is($make->('')->{status}, 400, 'no key at all');
is($make->('x' x 129)->{status}, 400, 'one that is too long');
is($make->("a b")->{status}, 400, 'one with a blank');
is($make->('key-3', json => {})->{status}, 400, 'a request that fails');
is($make->('key-3')->{status}, 201, 'frees its key');
rows("UPDATE replies SET status = 0 WHERE key = 'key-2'");
is($make->('key-2')->{status}, 409, 'one whose fate a crash has hidden is not done again');
rows("UPDATE replies SET at_ms = 1 WHERE key = 'key-1'");
isnt($make->('key-1')->{json}{id}, $first->{json}{id}, 'a day later the key is free');

# Many at once.
my @children = map {
	my $pid = fork();
	if (!$pid) {
		my $status = $make->('race')->{status};
		POSIX::_exit($status == 201 ? 0 : $status == 409 || $status == 503 ? 1 : 2);
	}
	$pid;
} 1 .. 8;
my %ends;
for my $pid (@children) { waitpid $pid, 0; $ends{ $? >> 8 }++ }
is(value("SELECT count(*) FROM replies WHERE key = 'race' AND status = 201"), 1, 'eight at once');
my $before = $count->();
is($make->('race')->{status}, 201, 'of which the answer is kept');
is($count->(), $before, 'are one');
ok(!$ends{2}, 'the others got it, too, or were told to wait') or diag explain \%ends;

# --- lost updates ---
my $id = $first->{json}{id};
my $one = ask('GET', "/campaigns/$id", jar => $hanako);
like($one->{headers}{etag}, qr/^"\d+"$/, 'an object has its version');
is(ask('GET', "/campaigns/$id", jar => $hanako, headers => { 'If-None-Match' => $one->{headers}{etag} })->{status}, 304, 'which has not changed');
my $edit = sub { my ($jar, $name, %headers) = @_; return ask('PATCH', "/campaigns/$id", json => { name => $name }, jar => $jar, headers => \%headers) };
is($edit->($hanako, 'x')->{status}, 428, 'a change without the version');
is($edit->($hanako, 'x', 'If-Match' => 'W/"1"')->{status}, 412, 'or with a weak one');
is($edit->($hanako, 'by hanako', 'If-Match' => $one->{headers}{etag})->{status}, 200, 'hanako was first');
my $late = $edit->($taro, 'by taro', 'If-Match' => $one->{headers}{etag});
is($late->{status}, 412, 'taro, who read the same, is refused');
like($late->{json}{remedy}, qr/read it again/, 'and told what to do');
is(ask('GET', "/campaigns/$id", jar => $taro)->{json}{name}, 'by hanako', 'nothing was lost');
is(ask('GET', "/campaigns/$id", jar => $taro)->{headers}{'cache-control'}, 'no-store', 'and nothing is kept by caches');
is(stop_web(), 0, 'an end');
done_testing();
