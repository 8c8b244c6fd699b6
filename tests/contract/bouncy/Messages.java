import java.io.ByteArrayInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Security;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.RSAESOAEPparams;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.cert.jcajce.JcaCertStore;
import org.bouncycastle.cms.CMSAlgorithm;
import org.bouncycastle.cms.CMSAuthEnvelopedData;
import org.bouncycastle.cms.CMSAuthEnvelopedDataGenerator;
import org.bouncycastle.cms.CMSEnvelopedData;
import org.bouncycastle.cms.CMSEnvelopedDataGenerator;
import org.bouncycastle.cms.CMSException;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.CMSSignedDataGenerator;
import org.bouncycastle.cms.RecipientInfoGenerator;
import org.bouncycastle.cms.RecipientInformation;
import org.bouncycastle.cms.SignerInformation;
import org.bouncycastle.cms.jcajce.JcaSignerInfoGeneratorBuilder;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.cms.jcajce.JceCMSContentEncryptorBuilder;
import org.bouncycastle.cms.jcajce.JceKeyAgreeEnvelopedRecipient;
import org.bouncycastle.cms.jcajce.JceKeyAgreeRecipientInfoGenerator;
import org.bouncycastle.cms.jcajce.JceKeyTransEnvelopedRecipient;
import org.bouncycastle.cms.jcajce.JceKeyTransRecipientInfoGenerator;
import org.bouncycastle.crypto.DataLengthException;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.OutputAEADEncryptor;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;

/**
 * A partner with BouncyCastle: for each folder that is named, opens "message" into "opened" and makes "answer"; why it
 * does not open one goes to "refused".
 */
public class Messages {
    private final Path folder;
    private final boolean cbc;

    Messages(Path folder) {
        this.folder = folder;
        this.cbc = folder.getFileName().toString().startsWith("cms-cbc");
    }

    public static void main(String[] folders) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        for (String folder : folders) {
            Messages one = new Messages(Path.of(folder));
            try {
                one.write("opened", one.open(one.read("message")));
            } catch (CMSException | DataLengthException | SecurityException refused) {
                // The second: a content key that is wrapped for another RSA key may be a greater number than ours takes.
                one.write("refused", refused.toString().getBytes());
                continue;
            }
            one.write("answer", one.make(one.read("plain")));
        }
    }

    private byte[] open(byte[] message) throws Exception {
        return cbc ? decrypted(verified(message)) : verified(decrypted(message));
    }

    private byte[] make(byte[] plain) throws Exception {
        return cbc ? signed(encrypted(plain)) : encrypted(signed(plain));
    }

    private byte[] verified(byte[] der) throws Exception {
        CMSSignedData data = new CMSSignedData(der);
        SignerInformation signer = data.getSignerInfos().getSigners().iterator().next();
        var check = new JcaSimpleSignerInfoVerifierBuilder().setProvider("BC").build(certificate("gateway-sign"));
        if (!signer.verify(check)) {
            throw new SecurityException("the signature is wrong");
        }
        return (byte[]) data.getSignedContent().getContent();
    }

    private byte[] decrypted(byte[] der) throws Exception {
        var recipients = cbc ? new CMSEnvelopedData(der).getRecipientInfos()
                             : new CMSAuthEnvelopedData(der).getRecipientInfos();
        RecipientInformation one = recipients.getRecipients().iterator().next();
        PrivateKey key = privateKey("partner-open");
        return key.getAlgorithm().equals("RSA")
            ? one.getContent(new JceKeyTransEnvelopedRecipient(key).setProvider("BC"))
            : one.getContent(new JceKeyAgreeEnvelopedRecipient(key).setProvider("BC"));
    }

    private byte[] signed(byte[] content) throws Exception {
        X509Certificate certificate = certificate("partner-sign");
        PrivateKey key = privateKey("partner-sign");
        String algorithm = key.getAlgorithm().equals("RSA") ? "SHA256withRSA" : "SHA256withECDSA";
        var digests = new JcaDigestCalculatorProviderBuilder().setProvider("BC").build();
        var generator = new CMSSignedDataGenerator();
        generator.addSignerInfoGenerator(
            new JcaSignerInfoGeneratorBuilder(digests)
                .build(new JcaContentSignerBuilder(algorithm).setProvider("BC").build(key), certificate));
        generator.addCertificates(new JcaCertStore(java.util.List.of(certificate)));
        var data = generator.generate(new CMSProcessableByteArray(content), true);
        return data.toASN1Structure().getEncoded("DER");
    }

    private byte[] encrypted(byte[] content) throws Exception {
        var data = new CMSProcessableByteArray(content);
        if (cbc) {
            var generator = new CMSEnvelopedDataGenerator();
            generator.addRecipientInfoGenerator(recipient());
            var cipher = new JceCMSContentEncryptorBuilder(CMSAlgorithm.AES256_CBC).setProvider("BC").build();
            return generator.generate(data, cipher).toASN1Structure().getEncoded("DER");
        }
        var generator = new CMSAuthEnvelopedDataGenerator();
        generator.addRecipientInfoGenerator(recipient());
        var cipher = new JceCMSContentEncryptorBuilder(CMSAlgorithm.AES256_GCM).setProvider("BC").build();
        return generator.generate(data, (OutputAEADEncryptor) cipher).toASN1Structure().getEncoded("DER");
    }

    private RecipientInfoGenerator recipient() throws Exception {
        X509Certificate certificate = certificate("gateway-open");
        if (certificate.getPublicKey() instanceof ECPublicKey point) {
            var pairs = KeyPairGenerator.getInstance("EC", "BC");
            int bits = point.getParams().getCurve().getField().getFieldSize();
            pairs.initialize(new ECGenParameterSpec("P-" + bits));
            var pair = pairs.generateKeyPair();
            return new JceKeyAgreeRecipientInfoGenerator(
                    CMSAlgorithm.ECDH_SHA256KDF, pair.getPrivate(), pair.getPublic(), CMSAlgorithm.AES256_WRAP)
                .addRecipient(certificate)
                .setProvider("BC");
        }
        var hash = new AlgorithmIdentifier(NISTObjectIdentifiers.id_sha256, DERNull.INSTANCE);
        var mask = new AlgorithmIdentifier(PKCSObjectIdentifiers.id_mgf1, hash);
        var padding = new RSAESOAEPparams(hash, mask, RSAESOAEPparams.DEFAULT_P_SOURCE_ALGORITHM);
        return new JceKeyTransRecipientInfoGenerator(
                certificate, new AlgorithmIdentifier(PKCSObjectIdentifiers.id_RSAES_OAEP, padding))
            .setProvider("BC");
    }

    private X509Certificate certificate(String name) throws Exception {
        var factory = CertificateFactory.getInstance("X.509");
        return (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(read(name + ".crt")));
    }

    private PrivateKey privateKey(String name) throws Exception {
        var spec = new PKCS8EncodedKeySpec(read(name + ".der"));
        try {
            return KeyFactory.getInstance("EC", "BC").generatePrivate(spec);
        } catch (java.security.spec.InvalidKeySpecException notEc) {
            return KeyFactory.getInstance("RSA", "BC").generatePrivate(spec);
        }
    }

    private byte[] read(String name) throws Exception {
        return Files.readAllBytes(folder.resolve(name));
    }

    private void write(String name, byte[] bytes) throws Exception {
        Files.write(folder.resolve(name), bytes);
    }
}
