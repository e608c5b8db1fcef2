using System.Text.Json;

namespace Infra.Tests;

public sealed class EnvironmentListTests
{
    [Theory]
    [InlineData("""{"memoryMegabites":512}""", "memoryMegabites: there is no such property; the nearest is 'memoryMegabytes'")]
    [InlineData("""{"memoryMegabytes":64}""", "memoryMegabytes: 64 is no whole number from 256 to 10240")]
    [InlineData("""{"runtime":"dotnet8"}""", "runtime: \"dotnet8\" is none of provided.al2023, dotnet10")]
    [InlineData("""{"account":"1234"}""", "account: \"1234\" is not of the form 111122223333")]
    [InlineData("""{"allowSkipVerify":"yes"}""", "allowSkipVerify: \"yes\" is neither true nor false")]
    [InlineData("""{"allowPlainHttp":"yes"}""", "allowPlainHttp: \"yes\" is neither true nor false")]
    [InlineData("""{"allowedHosts":["http://10.0.0.5:8086"]}""", "allowedHosts: 'http://10.0.0.5:8086' is plain http, where token and points travel in the clear")]
    [InlineData("""{"allowPlainHttp":true,"allowedHosts":["10.0.0.5:8086","https://10.0.0.6:8086"]}""", "allowPlainHttp: none of allowedHosts is reached over http")]
    [InlineData("""{"allowedHosts":["http://127.0.0.1:8086"]}""", "allowedHosts: 'http://127.0.0.1:8086' is a loopback address")]
    [InlineData("""{"schedules":[{"name":"a","expression":"rate(1 hour)","input":{"source":{"url":"http://b.example.com:8086","bucket":"b"}}}]}""", "schedules.a.input: the source: 'http://b.example.com:8086' is plain http")]
    [InlineData("""{"logRetentionDays":31}""", "logRetentionDays: 31 is none of 1, 3, 5")]
    [InlineData("""{"allowedCidrs":["10.0.0.0/8"]}""", "allowedCidrs: without a vpc nothing can hold the functions to them")]
    [InlineData("""{"production":true,"removalPolicy":"destroy","alarmEmail":"a@example.com"}""", "removalPolicy: a production environment retains its data")]
    [InlineData("""{"production":true,"alarmEmail":"a@example.com","allowSkipVerify":true}""", "allowSkipVerify: a production environment checks")]
    [InlineData("""{"production":true}""", "alarmEmail: a production environment tells somebody")]
    [InlineData("""{"vpc":{"id":"vpc-1"}}""", "vpc.s3PrefixList: is missing")]
    [InlineData("""{"vpc":{"id":"vpc-1","subnets":["subnet-1"],"availabilityZones":[],"s3PrefixList":"pl-1","interfaceEndpoints":["states"]},"allowedCidrs":["10.0.0.0/8"]}""", "vpc.subnets: name one subnet for each")]
    [InlineData("""{"vpc":{"id":"vpc-1","subnets":["subnet-1"],"availabilityZones":["eu-west-1a"],"s3PrefixList":"pl-1"},"allowedCidrs":["10.0.0.1/8"]}""", "allowedCidrs: '10.0.0.1/8' is no network")]
    [InlineData("""{"sourceSecretArn":"arn:aws:secretsmanager:eu-west-1:111122223333:secret:old"}""", "is not of the form arn:aws:secretsmanager")]
    [InlineData("""{"region":"eu-west-1","sourceSecretArn":"arn:aws:secretsmanager:us-east-1:111122223333:secret:old-AbCdEf"}""", "the secret is in us-east-1, the environment in eu-west-1")]
    [InlineData("""{"schedules":[{"name":"a","expression":"cron(0 2)","input":{}}]}""", "schedules[0].expression: \"cron(0 2)\" is not of the form rate(1 hour)")]
    [InlineData("""{"schedules":[{"name":"a","expression":"rate(1 hour)"}]}""", "schedules[0].input: is missing")]
    [InlineData("""{"schedules":[{"name":"a","expression":"rate(1 hour)","input":{}},{"name":"a","expression":"rate(2 hours)","input":{}}]}""", "the name 'a' stands 2 times")]
    [InlineData("""{"rotation":{}}""", "rotation: name sourceAdminSecretArn, destinationAdminSecretArn or both")]
    [InlineData("""{"rotation":{"days":15,"sourceAdminSecretArn":"arn:aws:secretsmanager:eu-west-1:111122223333:secret:old-AbCdEf"}}""", "rotation.days: a replaced token stays active for 15 days")]
    [InlineData("""{"region":"eu-west-1","rotation":{"sourceAdminSecretArn":"arn:aws:secretsmanager:us-east-1:111122223333:secret:old-AbCdEf"}}""", "rotation.sourceAdminSecretArn: the secret is in us-east-1")]
    [InlineData("""{"rotation":{"adminSecretArn":"x"}}""", "rotation.adminSecretArn: there is no such property; the nearest is 'sourceAdminSecretArn'")]
    [InlineData("""{"schedules":[{"name":"a","expression":"rate(1 hour)","input":{"source":{"bucket":"b"},"stop":"2026-01-01"}}]}""", "schedules.a.input: 'stop' and 'incremental' contradict each other")]
    [InlineData("""{"schedules":[{"name":"a","expression":"rate(1 hour)","input":{"source":{"bucket":"b"},"overlapSecond":5}}]}""", "schedules.a.input: 'overlapSecond' is no property: did you mean 'overlapSeconds'?")]
    [InlineData("""{"schedules":[{"name":"a","expression":"cron(0 2 ? * MON *)","input":{"source":{"bucket":"b"}}}]}""", "schedules.a.lagAlarmMinutes: is missing: 'cron(0 2 ? * MON *)' does not run every day")]
    [InlineData("""{"schedules":[{"name":"a","expression":"rate(1 hour)","lagAlarmMinutes":1,"input":{"source":{"bucket":"b"}}}]}""", "lagAlarmMinutes: 1 is no whole number from 5 to 527040")]
    [InlineData("""{"sourceSecretKeyArn":"arn:aws:kms:eu-west-1:111122223333:key/1"}""", "sourceSecretKeyArn: there is no sourceSecretArn")]
    [InlineData("""{"sourceSecretKeyArn":"arn:aws:kms:eu-west-1:111122223333:alias/mine"}""", "sourceSecretKeyArn: \"arn:aws:kms:eu-west-1:111122223333:alias/mine\" is not of the form")]
    [InlineData("""{"destinationSecretArn":"arn:aws:secretsmanager:eu-west-1:111122223333:secret:old-AbCdEf","destinationSecretKeyArn":"arn:aws:kms:us-east-1:111122223333:key/1"}""", "destinationSecretKeyArn: the key is in us-east-1, its secret in eu-west-1")]
    [InlineData("""{"production":true,"removalPolicy":"retain","alarmEmail":"a@example.com"}""", "allowedHosts: a production environment names its servers")]
    [InlineData("""{"allowedHosts":["127.0.0.1:8086"]}""", "allowedHosts: '127.0.0.1:8086' is a loopback address, which functions on AWS never connect to")]
    [InlineData("""{"allowedHosts":["[::1]"]}""", "allowedHosts: '[::1]' is a loopback address")]
    [InlineData("""{"allowedHosts":["169.254.169.254"]}""", "allowedHosts: '169.254.169.254' is a link-local address")]
    [InlineData("""{"allowedHosts":["[fd00:ec2::254]"]}""", "allowedHosts: '[fd00:ec2::254]' is a metadata address")]
    [InlineData("""{"allowedHosts":["ftp://influx.example.com:8086"]}""", "allowedHosts: 'ftp://influx.example.com:8086' is no host: write influx.example.com")]
    [InlineData("""{"allowedHosts":["*"]}""", "allowedHosts: '*' is no host")]
    [InlineData("""{"allowedHosts":["a.example.com,b.example.com"]}""", "allowedHosts: \"a.example.com,b.example.com\" is not of the form influx.example.com:8086")]
    [InlineData("""{"vpc":{"id":"vpc-1","subnets":["subnet-1"],"availabilityZones":["eu-west-1a"],"s3PrefixList":"pl-1","endpointSecurityGroup":"sg-1"},"allowedCidrs":["10.0.0.0/8"],"allowedHosts":["influx.example.com:8181"]}""", "allowedHosts: 'influx.example.com:8181' can't be reached: add 8181 to allowedPorts")]
    [InlineData("""{"vpc":{"id":"vpc-1","subnets":["subnet-1"],"availabilityZones":["eu-west-1a"],"s3PrefixList":"pl-1","endpointSecurityGroup":"sg-1"},"allowedCidrs":["10.0.0.0/8"],"allowedHosts":["192.168.0.5"]}""", "allowedHosts: '192.168.0.5' can't be reached: it lies in none of allowedCidrs")]
    [InlineData("""{"allowedHosts":["a.example.com"],"schedules":[{"name":"a","expression":"rate(1 hour)","input":{"source":{"url":"http://b.example.com:8086","bucket":"b"}}}]}""", "schedules.a.input: the source: 'b.example.com:8086' is none of the hosts")]
    [InlineData("""{"reservedConcurrency":4,"schedules":[{"name":"a","expression":"rate(1 hour)","input":{"source":{"bucket":"b"},"maxConcurrency":8}}]}""", "schedules.a.input: 'maxConcurrency' is 8, and reservedConcurrency 4: ask for no more")]
    [InlineData("""{"schedules":[{"name":"a","expression":"rate(1 hour)","input":{"source":{"bucket":"b"},"skipVerify":true}}]}""", "schedules.a.input: 'skipVerify' is not allowed in this environment")]
    [InlineData("""{"vpc":{"id":"vpc-1","subnets":["subnet-1"],"availabilityZones":["eu-west-1a"],"s3PrefixList":"pl-1","endpointSecurityGroup":"sg-1"},"allowedCidrs":["0.0.0.0/0"],"production":true,"alarmEmail":"a@example.com"}""", "allowedCidrs: '0.0.0.0/0' is the whole internet")]
    [InlineData("""{"vpc":{"id":"vpc-1","subnets":["subnet-1"],"availabilityZones":["eu-west-1a"],"s3PrefixList":"pl-1","interfaceEndpoints":["states"]},"allowedCidrs":["10.0.0.0/8"]}""", "vpc.interfaceEndpoints: secretsmanager can't be reached")]
    [InlineData("""{"vpc":{"id":"vpc-1","subnets":["subnet-1"],"availabilityZones":["eu-west-1a"],"s3PrefixList":"pl-1","interfaceEndpoints":["secretsmanager","states","kms"]},"allowedCidrs":["10.0.0.0/8"]}""", "vpc.interfaceEndpoints: \"kms\" is not of the form secretsmanager, states or timestream-influxdb, which are all that the functions call by themselves")]
    [InlineData("""{"vpc":{"id":"vpc-1","subnets":["subnet-1"],"availabilityZones":["eu-west-1a"],"s3PrefixList":"pl-1","interfaceEndpoints":["secretsmanager","states","timestream-influxdb"]},"allowedCidrs":["10.0.0.0/8"]}""", "vpc.interfaceEndpoints: only a rotation asks timestream-influxdb for anything")]
    [InlineData("""{"production":true,"removalPolicy":"retain","alarmEmail":"a@example.com","oldVersionDays":1}""", "oldVersionDays: a production environment keeps what was replaced for longer than an execution takes: at least 15")]
    [InlineData("""{"logKeyArn":"arn:aws:kms:eu-west-1:111122223333:alias/mine"}""", "logKeyArn: \"arn:aws:kms:eu-west-1:111122223333:alias/mine\" is not of the form")]
    [InlineData("""{"region":"us-east-1","logKeyArn":"arn:aws:kms:eu-west-1:111122223333:key/1"}""", "logKeyArn: the key is in eu-west-1, the environment in us-east-1")]
    [InlineData("""{"vpc":{"id":"vpc-1","subnets":["subnet-1"],"availabilityZones":["eu-west-1a"],"s3PrefixList":"pl-1","endpointSecurityGroup":"sg-1","nat":[{"publicSubnet":"subnet-2","routeTables":["rtb-1"]}]},"allowedCidrs":["10.0.0.0/8","2001:db8::/32"]}""", "vpc.nat: none of allowedCidrs is an IPv4 network of the internet")]
    [InlineData("""{"vpc":{"id":"vpc-1","subnets":["subnet-1"],"availabilityZones":["eu-west-1a"],"s3PrefixList":"pl-1","endpointSecurityGroup":"sg-1","nat":[{"publicSubnet":"subnet-1","routeTables":["rtb-1"]}]},"allowedCidrs":["203.0.113.0/24"]}""", "vpc.nat.publicSubnet: subnet-1 is one of the functions' own")]
    [InlineData("""{"vpc":{"id":"vpc-1","subnets":["subnet-1"],"availabilityZones":["eu-west-1a"],"s3PrefixList":"pl-1","endpointSecurityGroup":"sg-1","nat":[{"publicSubnet":"subnet-2","routeTables":["rtb-1"]},{"publicSubnet":"subnet-3","routeTables":["rtb-1"]}]},"allowedCidrs":["203.0.113.0/24"]}""", "vpc.nat.routeTables: rtb-1 is served twice")]
    [InlineData("""{"vpc":{"id":"vpc-1","subnets":["subnet-1"],"availabilityZones":["eu-west-1a"],"s3PrefixList":"pl-1","endpointSecurityGroup":"sg-1","nat":[{"routeTables":[]}]},"allowedCidrs":["203.0.113.0/24"]}""", "vpc.nat[0].publicSubnet: is missing")]
    [InlineData("""{"vpc":{"id":"vpc-1","subnets":["subnet-1"],"availabilityZones":["eu-west-1a"],"s3PrefixList":"pl-1","endpointSecurityGroup":"sg-1","nat":[{"publicSubnet":"subnet-2"}]},"allowedCidrs":["203.0.113.0/24"]}""", "vpc.nat[0].routeTables: name at least one")]
    public void Says_what_is_wrong_and_where(string entry, string problem)
    {
        var wrong = Assert.Throws<EnvironmentException>(() => Read($$"""{"dev":{{entry}}}"""));

        Assert.Contains("environments.dev.", wrong.Message, StringComparison.Ordinal);
        Assert.Contains(problem, wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Lists_every_problem_of_every_environment_at_once()
    {
        var wrong = Assert.Throws<EnvironmentException>(() => Read("""{"Dev":{},"prod":{"memoryMegabytes":1,"runtime":"x"},"test":{"production":true}}"""));

        Assert.Equal(5, wrong.Message.Split('\n').Count(line => line.StartsWith("  - ", StringComparison.Ordinal)));
    }

    [Fact]
    public void Names_the_environments_when_none_or_an_unknown_one_is_asked_for()
    {
        var list = Read("""{"dev":{},"prod":{"memoryMegabytes":512}}""");

        Assert.Contains("dev, prod", Assert.Throws<EnvironmentException>(() => EnvironmentList.Find(list, null)).Message, StringComparison.Ordinal);
        Assert.Contains("'pord'", Assert.Throws<EnvironmentException>(() => EnvironmentList.Find(list, "pord")).Message, StringComparison.Ordinal);
        Assert.Equal(512, EnvironmentList.Find(list, "prod").MemoryMegabytes);
    }

    [Fact]
    public void A_package_that_is_not_there_is_named_with_the_command_that_makes_it()
    {
        var missing = Assert.Throws<EnvironmentException>(() => FunctionPackage.Find(new EnvironmentSettings { Name = "dev" }, "/nowhere"));

        Assert.Contains("scripts/publish-functions.sh /nowhere provided.al2023 x86_64", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_data_stack_is_made_to_be_kept_unless_it_says_otherwise()
    {
        var list = Read("""{"kept":{},"gone":{"removalPolicy":"destroy"}}""");

        Assert.Equal([true, false], list.Select(entry => entry.Retain));
    }

    private static IReadOnlyList<EnvironmentSettings> Read(string json) => EnvironmentList.Read(JsonDocument.Parse(json).RootElement);
}
