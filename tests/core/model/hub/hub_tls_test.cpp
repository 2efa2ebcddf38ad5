// A hub that speaks TLS: whose certificate is trusted, and what never leaves TLS. The certificates are made
// here, by openssl's command line.
#include <QProcess>
#include <QStandardPaths>

#include "tests/core/model/hub/hub_case.h"

using namespace attnviz;
using namespace attnviz::test;

class HubTlsTest : public HubCase {
    Q_OBJECT

    static constexpr std::array kVariables{"SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE",
                                           "SSL_CERT_DIR"};

    QString file(const QString& name) const { return m_folder.filePath(name); }
    QByteArray openssl(const QStringList& arguments) const {
        QProcess process;
        process.start("openssl", arguments);
        return process.waitForFinished() && process.exitCode() == 0 ? process.readAllStandardOutput()
                                                                    : QByteArray();
    }
    // A key and its certificate, signed by itself: the server's, and what a client may trust.
    HubCertificate certificate(const QString& name, const QString& host) const {
        openssl({"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                 "2", "-subj", "/CN=" + name, "-addext", "subjectAltName=" + host, "-keyout",
                 file(name + ".key"), "-out", file(name + ".pem")});
        return {file(name + ".pem").toStdString(), file(name + ".key").toStdString()};
    }
    HubCertificate m_certificate;

 private slots:
    void initTestCase() {
        qunsetenv("HF_HUB_OFFLINE");
        if (QStandardPaths::findExecutable("openssl").isEmpty())
            QSKIP("openssl's command line is not installed: it makes the certificates");
        m_certificate = certificate("hub", "IP:127.0.0.1");
        QVERIFY(QFile::exists(file("hub.pem")) && QFile::exists(file("hub.key")));
    }
    void init() {
        for (const char* variable : kVariables) qunsetenv(variable);
        begin(m_certificate);
        m_settings.environmentToken = HubToken(kSecret);
    }
    void cleanup() { m_server.reset(); }

    void anUnknownCertificateIsRefused() {
        fails("127.0.0.1: the host's certificate is not trusted (self", ErrorKind::network);
        fails("SSL_CERT_FILE names the certificate to trust", ErrorKind::network);
        QVERIFY(m_server->requests().empty());
    }
    void eachVariableNamesTheCertificate_data() {
        QTest::addColumn<QString>("path");
        QTest::newRow("SSL_CERT_FILE") << file("hub.pem");
        QTest::newRow("REQUESTS_CA_BUNDLE") << file("hub.pem");
        QTest::newRow("CURL_CA_BUNDLE") << file("hub.pem");
        // A folder has files named by hashes.
        const QString folder = file("trusted");
        QDir().mkpath(folder);
        const QString hash = openssl({"x509", "-hash", "-noout", "-in", file("hub.pem")}).trimmed();
        QFile::copy(file("hub.pem"), folder + "/" + hash + ".0");
        QTest::newRow("SSL_CERT_DIR") << folder;
        QTest::newRow("REQUESTS_CA_BUNDLE, a folder") << folder;
    }
    void eachVariableNamesTheCertificate() {
        QFETCH(QString, path);
        qputenv(QByteArray(QTest::currentDataTag()).split(',')[0], path.toUtf8());
        comes();
    }
    void aTransferThatBreaksOffIsTakenUp() {
        qputenv("SSL_CERT_FILE", file("hub.pem").toUtf8());
        model().largeFrom = 1'000'000;  // the hub itself sends the weights
        int times = 0;
        m_server->adjust = [&](const HubRequest& request, HubReply& reply) {
            const bool weights = request.method == "GET" && request.file() == "model.safetensors";
            if (weights && ++times == 1) reply.cutAfter = 100'000;
        };
        const auto folder = download();
        QVERIFY2(folder.ok(), folder.ok() ? "" : folder.error().sentence().c_str());
        QVERIFY(contentOf(snapshot() / "model.safetensors") == m_weights);
        QCOMPARE(count("GET", "model.safetensors"), std::size_t{2});
        QCOMPARE(m_server->requests().back().headers.contains("range"), true);
    }
    // The store is another host in clear text; then it is the hub's own host.
    void theTokenNeverLeavesTls() {
        qputenv("SSL_CERT_FILE", file("hub.pem").toUtf8());
        for (const bool sameHost : {false, true}) {
            m_server->forget();
            fs::remove_all(m_settings.cache);
            m_server->adjust = [&](const HubRequest&, HubReply& reply) {
                for (auto& [name, value] : reply.headers)
                    if (const auto at = value.find("localhost"); sameHost && at != std::string::npos)
                        value.replace(at, 9, "127.0.0.1");
            };
            comes();
            QVERIFY(!toStore().empty());
            for (const auto& request : m_server->requests())
                QCOMPARE(request.headers.contains("authorization"), !request.store);
        }
    }
    void aCertificateOfAnotherHostIsRefused() {
        begin(certificate("other", "DNS:elsewhere.example"));
        qputenv("SSL_CERT_FILE", file("other.pem").toUtf8());
        fails("the host's certificate is not trusted", ErrorKind::network);
        QVERIFY(m_server->requests().empty());
    }
    void certificatesThatCannotBeReadAreNamed() {
        qputenv("REQUESTS_CA_BUNDLE", file("none.pem").toUtf8());
        fails("none.pem: the certificates to trust cannot be read", ErrorKind::badInput);
        fails("REQUESTS_CA_BUNDLE names them", ErrorKind::badInput);
    }
};

QTEST_GUILESS_MAIN(HubTlsTest)
#include "hub_tls_test.moc"
