using Amazon.Runtime;
using Aws;
using Influx;
using Migration;

namespace Functions;

/// <summary>A failure that the functions themselves find.</summary>
/// <param name="name">One of <see cref="ErrorNames"/>.</param>
/// <param name="message">What is wrong and what to do; never a secret.</param>
/// <param name="inner">What happened below.</param>
internal sealed class NamedException(string name, string message, Exception? inner = null) : Exception(message, inner)
{
    public string Name => name;

    /// <summary>The name of any failure: the one place that says which is which.</summary>
    public static string NameOf(Exception failure) => failure switch
    {
        NamedException named => named.Name,
        TransientException => ErrorNames.Transient,
        StagingException { Fault: StagingFault.Raced } => ErrorNames.Transient,
        StagingException { Fault: StagingFault.OtherMigration } => ErrorNames.OtherMigration,
        StagingException { Fault: StagingFault.Unfinished } => ErrorNames.Unfinished,
        StagingException => ErrorNames.StagingChanged,
        UnmatchedException or RejectedException { Kind: RejectionKind.NotAllowed } => ErrorNames.InvalidInput,
        RejectedException or QueryTooLargeException => ErrorNames.Refused,
        AwsException { IsTransient: false } => ErrorNames.Refused,
        AmazonServiceException or AmazonClientException => ErrorNames.Transient,
        _ => ErrorNames.Bug,
    };
}
