using System.Text.Json.Nodes;

namespace Migration.Tests;

/// <summary>What of a staging bucket's policy counts, and what hardening adds.</summary>
public sealed class StagingPolicyTests
{
    private const string Arn = "arn:aws:s3:::staging";

    private const string Good = """
        {"Version":"2012-10-17","Statement":[
        {"Effect":"Deny","Principal":{"AWS":"*"},"Action":"s3:*","Resource":["arn:aws:s3:::staging","arn:aws:s3:::staging/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}},
        {"Effect":"Deny","Principal":"*","Action":["s3:*"],"Resource":["arn:aws:s3:::staging","arn:aws:s3:::staging/*"],"Condition":{"NumericLessThan":{"s3:TlsVersion":1.2}}},
        {"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::staging/*","Condition":{"Null":{"s3:x-amz-server-side-encryption-customer-algorithm":"false"}}}]}
        """;

    [Fact]
    public void A_policy_that_denies_all_of_it_to_everybody_is_good()
    {
        Assert.True(StagingPolicy.DeniesPlainHttp(Good, Arn));
        Assert.True(StagingPolicy.DeniesCustomerKeys(Good, Arn));
        Assert.True(StagingPolicy.DeniesOldTls(Good, Arn));
    }

    [Theory]
    [InlineData("\"Deny\"", "\"Allow\"")]
    [InlineData("\"s3:*\"", "\"s3:GetObject\"")]
    [InlineData("\"Principal\":{\"AWS\":\"*\"}", "\"Principal\":{\"AWS\":\"123456789012\"}")]
    [InlineData("\"Principal\":{\"AWS\":\"*\"}", "\"NotPrincipal\":{\"AWS\":\"123456789012\"}")]
    [InlineData("\"arn:aws:s3:::staging\",", "")]
    [InlineData("arn:aws:s3:::staging/*", "arn:aws:s3:::other/*")]
    [InlineData("\"aws:SecureTransport\":\"false\"", "\"aws:SecureTransport\":\"true\"")]
    [InlineData("{\"Bool\":", "{\"StringEquals\":{\"aws:PrincipalOrgID\":\"o\"},\"Bool\":")]
    public void A_statement_with_a_hole_does_not_count(string part, string instead)
    {
        Assert.False(StagingPolicy.DeniesPlainHttp(Good.Replace(part, instead, StringComparison.Ordinal), Arn));
    }

    [Theory]
    [InlineData("\"Null\":{\"s3:x-amz-server-side-encryption-customer-algorithm\":\"false\"", "\"Null\":{\"s3:x-amz-server-side-encryption-customer-algorithm\":\"true\"")]
    [InlineData("\"s3:PutObject\"", "\"s3:GetObject\"")]
    [InlineData("\"Resource\":\"arn:aws:s3:::staging/*\"", "\"Resource\":\"arn:aws:s3:::staging\"")]
    [InlineData("customer-algorithm", "customer-other")]
    [InlineData("{\"Null\":", "{\"StringEquals\":{\"aws:PrincipalOrgID\":\"o\"},\"Null\":")]
    public void A_weaker_demand_on_the_writer_s_own_keys_does_not_count(string part, string instead)
    {
        Assert.Contains(part, Good, StringComparison.Ordinal);
        Assert.False(StagingPolicy.DeniesCustomerKeys(Good.Replace(part, instead, StringComparison.Ordinal), Arn));
    }

    [Theory]
    [InlineData("1.2", "1.1")]
    [InlineData("NumericLessThan", "NumericGreaterThan")]
    [InlineData("s3:TlsVersion", "s3:max-keys")]
    public void A_weaker_demand_on_TLS_does_not_count(string part, string instead)
    {
        Assert.False(StagingPolicy.DeniesOldTls(Good.Replace(part, instead, StringComparison.Ordinal), Arn));
    }

    [Theory]
    [InlineData("""{"Version":"2012-10-17","Id":"own","Statement":[{"Sid":"DenyPlainHttp","Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::staging/*"}]}""")]
    [InlineData("""{"Version":"2012-10-17","Id":"own","Statement":{"Sid":"DenyPlainHttp","Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::staging/*"}}""")]
    public void Hardening_adds_to_a_policy_and_takes_nothing_from_it(string before)
    {
        var after = StagingPolicy.Merge(before, Arn);

        Assert.True(StagingPolicy.DeniesPlainHttp(after, Arn) && StagingPolicy.DeniesOldTls(after, Arn) && StagingPolicy.DeniesCustomerKeys(after, Arn));
        var policy = JsonNode.Parse(after)!;
        var statements = policy["Statement"]!.AsArray();
        Assert.Equal("own", policy["Id"]!.GetValue<string>());
        var own = JsonNode.Parse(before)!["Statement"]!;
        Assert.True(JsonNode.DeepEquals(own is JsonArray array ? array[0] : own, statements[0]));
        Assert.Equal(["DenyPlainHttp", "DenyPlainHttp2", "DenyBelowTls12", "DenyCustomerKeys"], statements.Select(statement => statement!["Sid"]!.GetValue<string>()));
    }

    [Fact]
    public void Hardening_makes_a_policy_where_there_is_none_and_changes_a_good_one_in_nothing()
    {
        var made = StagingPolicy.Merge(policy: null, Arn);

        Assert.True(StagingPolicy.DeniesPlainHttp(made, Arn) && StagingPolicy.DeniesOldTls(made, Arn) && StagingPolicy.DeniesCustomerKeys(made, Arn));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(Good), JsonNode.Parse(StagingPolicy.Merge(Good, Arn))));
    }
}
