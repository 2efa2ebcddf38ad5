// The page taken apart: its parts, its policy, and its data inflated back to the weights.
#include <zlib.h>

#include <QCryptographicHash>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QtTest>
#include <cstring>

#include "core/base/half.h"
#include "core/base/readable.h"
#include "core/exporting/exporters.h"
#include "core/exporting/page_maps.h"
#include "tests/core/exporting/hostile_tokens.h"
#include "tests/support/attention_text.h"

using namespace attnviz;
using namespace attnviz::test;

namespace {

struct Page {
    std::string text;
    std::vector<std::string> notices;

    // What stands between `open` and the next `close`.
    std::string between(const std::string& open, const std::string& close) const {
        const std::size_t at = text.find(open);
        if (at == std::string::npos) qFatal("no %s", open.c_str());
        const std::size_t begin = at + open.size();
        return text.substr(begin, text.find(close, begin) - begin);
    }
    QJsonObject meta() const {
        QJsonParseError error;
        const auto json = between("<script type=\"application/json\" id=\"meta\">", "</script");
        const auto document = QJsonDocument::fromJson(QByteArray::fromStdString(json), &error);
        if (document.isNull()) qFatal("meta: %s", qPrintable(error.errorString()));
        return document.object();
    }
    QJsonObject attention(int kind = 0) const { return meta()["attentions"].toArray()[kind].toObject(); }
    // The stored numbers of a layer, head after head.
    std::vector<float> numbers(int kind, int layer) const {
        const auto base64 =
            between("id=\"d" + std::to_string(kind) + "." + std::to_string(layer) + "\">", "</script");
        const QByteArray packed = QByteArray::fromBase64(QByteArray::fromStdString(base64),
                                                         QByteArray::AbortOnBase64DecodingErrors);
        std::string planes(64 << 20, '\0');
        uLongf size = planes.size();
        if (uncompress(reinterpret_cast<Bytef*>(planes.data()), &size,
                       reinterpret_cast<const Bytef*>(packed.constData()),
                       static_cast<uLong>(packed.size())) != Z_OK)
            qFatal("layer %d does not inflate", layer);
        const std::size_t width = attention(kind)["type"].toString() == "float16" ? 2 : 4;
        const std::size_t count = size / width;
        std::vector<float> values(count);
        for (std::size_t i = 0; i < count; ++i) {
            std::uint32_t bits = 0;
            for (std::size_t plane = 0; plane < width; ++plane)
                bits |= static_cast<std::uint32_t>(static_cast<unsigned char>(planes[plane * count + i]))
                        << (8 * plane);
            if (width == 2)
                values[i] = floatFromHalf(static_cast<std::uint16_t>(bits));
            else
                std::memcpy(&values[i], &bits, 4);
        }
        return values;
    }
};

Result<Page> tried(ExportRequest request) {
    Page page;
    request.notices = &page.notices;
    StringSink sink;
    if (auto done = kHtmlExporter.write(request, sink, {}, {}); !done) return done.error();
    page.text = sink.take();
    return page;
}

Page exported(const ExportRequest& request) {
    auto page = tried(request);
    if (!page) qFatal("%s", page.error().sentence().c_str());
    return *page;
}

Page pageOf(std::shared_ptr<const AttentionRun> run) {
    Session session;
    session.run = std::move(run);
    return exported({.session = session});
}

std::size_t count(const std::string& text, const std::string& what) {
    std::size_t found = 0;
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
    return found;
}

std::string hashOf(const std::string& content) {
    const auto digest =
        QCryptographicHash::hash(QByteArray::fromStdString(content), QCryptographicHash::Sha256);
    return "'sha256-" + digest.toBase64().toStdString() + "'";
}

// Nothing but a shape: thousands of heads that all attend to the first token.
class WideSource final : public AttentionSource {
 public:
    WideSource(int layers, int heads, int tokens) {
        m_info.layers = layers;
        m_info.heads = m_info.keyValueHeads = heads;
        m_info.queries = m_info.keys = tokens;
        m_info.visibility = Visibility::full(tokens, tokens);
        m_summary.maxWeight = 1;
    }
    const AttentionInfo& info() const override { return m_info; }
    const Overview& overview(HeadId) const override { return m_overview; }
    const HeadSummary& summary(HeadId) const override { return m_summary; }
    void row(HeadId, int, std::span<float> keys) const override {
        std::fill(keys.begin(), keys.end(), 0.0F);
        keys[0] = 1;
    }

 private:
    AttentionInfo m_info;
    Overview m_overview;
    HeadSummary m_summary;
};

}  // namespace

class HtmlExporterTest : public QObject {
    Q_OBJECT

 private slots:
    void pageIsOneFileThatReachesForNothing() {
        const Page page = pageOf(randomRun(2, 2, 6));
        QVERIFY(page.text.starts_with("<!DOCTYPE html>"));
        QVERIFY(page.text.find("{{") == std::string::npos);
        QVERIFY(page.text.find("://") == std::string::npos);
        for (const char* reaching : {"src=\"http", "href=", "<link", "<iframe", "@import", "url(", "import(",
                                     "fetch(", "XMLHttpRequest", "WebSocket", "innerHTML", "eval("})
            QVERIFY2(page.text.find(reaching) == std::string::npos, reaching);
    }

    void policyNamesTheHashesOfScriptAndStyle() {
        const Page page = pageOf(randomRun(1, 1, 3));
        const std::string policy = page.between("Content-Security-Policy\" content=\"", "\"");
        const std::string script = page.between("<script>", "</script>");
        QVERIFY(policy.starts_with("default-src 'none'; script-src " + hashOf(script) + "; style-src " +
                                   hashOf(page.between("<style>", "</style>")) + ";"));
        QVERIFY(policy.find("unsafe") == std::string::npos);
        QVERIFY2(script.size() <= 30'000, std::to_string(script.size()).c_str());
        QVERIFY(page.text.find(" style=\"") == std::string::npos);  // the policy would drop it
        QVERIFY(page.text.find(" onclick=") == std::string::npos);
    }

    void smallMapsAreExact() {
        const auto run = randomRun(2, 3, 8, true, 9, {2});
        const Page page = pageOf(run);
        const auto attention = page.attention();
        QCOMPARE(attention["type"].toString(), QString("float32"));
        QCOMPARE(attention["pool"].toInt(), 1);
        QVERIFY(page.notices.empty());
        const auto ranges = attention["ranges"].toArray()[0].toArray();
        std::vector<float> row(8);
        for (int layer = 0; layer < 2; ++layer) {
            const auto numbers = page.numbers(0, layer);
            std::size_t at = 0;
            for (int head = 0; head < 3; ++head)
                for (int query = 0; query < 8; ++query) {
                    run->main().row({layer, head}, query, row);
                    QCOMPARE(ranges[2 * query].toInt(), 0);
                    QCOMPARE(ranges[2 * query + 1].toInt(), query + 1);
                    for (int key = 0; key <= query; ++key)
                        QCOMPARE(numbers.at(at++), key == 2 ? -1.0F : row[static_cast<std::size_t>(key)]);
                }
            QCOMPARE(at, numbers.size());
        }
    }

    void bigMapsAreFloat16AndSaySo() {
        const auto run = randomRun(12, 12, 128);
        const Page page = pageOf(run);
        QVERIFY2(page.text.size() <= 3'500'000, std::to_string(page.text.size()).c_str());
        QCOMPARE(page.attention()["type"].toString(), QString("float16"));
        QCOMPARE(page.notices.size(), std::size_t{1});
        const auto numbers = page.numbers(0, 7);
        std::vector<float> row(128);
        run->main().row({7, 11}, 127, row);
        for (std::size_t key = 0; key < 128; ++key)
            QCOMPARE(numbers[numbers.size() - 128 + key], floatFromHalf(halfFromFloat(row[key])));
    }

    void longTextsArePooledByTheLargestAndSaySo() {
        const auto run = randomRun(1, 1, 1500);
        const Page page = pageOf(run);
        const auto attention = page.attention();
        QCOMPARE(attention["pool"].toInt(), 2);
        QCOMPARE(attention["rows"].toInt(), 750);
        QVERIFY(attention["queryTokens"].toArray().isEmpty());
        QVERIFY(page.notices.front().find("largest of 2 x 2") != std::string::npos);
        // The last row of cells covers queries 1498 and 1499.
        const auto numbers = page.numbers(0, 0);
        std::vector<float> first(1500), second(1500);
        run->main().row({0, 0}, 1498, first);
        run->main().row({0, 0}, 1499, second);
        for (std::size_t cell = 0; cell < 750; ++cell) {
            const float largest =
                std::max({first[2 * cell], first[2 * cell + 1], second[2 * cell], second[2 * cell + 1]});
            QCOMPARE(numbers[numbers.size() - 750 + cell], largest);
        }
    }

    void whatCannotFitIsRefusedWithAdvice() {
        const auto wide = std::make_shared<WideSource>(400, 400, 64);
        const auto plan = planPage({wide}, false);
        QVERIFY(!plan.ok());
        QCOMPARE(plan.error().kind, ErrorKind::unsupported);
        QVERIFY(plan.error().sentence().find("fewer layers or heads") != std::string::npos);
        QVERIFY(planPage({std::make_shared<WideSource>(80, 64, 4096)}, false).ok());
    }

    void windowsAreStoredOnceForEachKindOfLayer() {
        auto windowed = std::make_shared<AttentionRun>(*randomRun(1, 1, 6));
        AttentionInfo info = windowed->main().info();
        const auto local = std::make_shared<WideSource>(4, 1, 6);
        const_cast<AttentionInfo&>(local->info()).visibility =
            Visibility::causal(6).setWindows({{-1, 0}, {2, 0}, {-1, 0}, {2, 0}});
        const auto plan = planPage({local}, false);
        QVERIFY(plan.ok());
        QCOMPARE(plan->front().shapes.size(), std::size_t{2});
        QCOMPARE(plan->front().shapeOf, (std::vector<int>{0, 1, 0, 1}));
        QCOMPARE(plan->front().cells(), qint64{2 * (21 + 15)});
    }

    void hostileTextStaysText() {
        const auto tokens = hostileTokens();
        std::string map;
        for (std::size_t query = 0; query < tokens.size(); ++query) {
            for (std::size_t key = 0; key < tokens.size(); ++key)
                map += key > query ? ". " : key == 0 ? "1 " : "0 ";
            map += '\n';
        }
        auto run = std::make_shared<AttentionRun>(*runFromText(map, tokens));
        for (const auto& token : tokens) run->input.texts.front() += token;
        run->model.name = "</title><script>alert(1)</script>";
        run->notices = {"</script><img src=x onerror=alert(1)>", "\u2028{{data}}"};
        Session session;
        session.run = run;
        ExportRequest request{.session = session};
        request.title = "\"><script>{{script}}</script>";
        const Page page = exported(request);
        QCOMPARE(count(page.text, "<script"), std::size_t{3});  // data of the page, one layer, the viewer
        QCOMPARE(count(page.text, "</script"), std::size_t{3});
        for (const char* markup : {"<!--", "<img src=x", "<svg", "<b>", "\u202E", "\u2028", "\x1b"})
            QVERIFY2(page.text.find(markup) == std::string::npos, markup);
        QVERIFY(page.text.find('\0') == std::string::npos);
        QVERIFY(isValidUtf8(page.text));
        const auto labels = page.attention()["queryTokens"].toArray();
        QCOMPARE(labels.size(), static_cast<qsizetype>(tokens.size()));
        for (std::size_t i = 0; i < tokens.size(); ++i)
            QCOMPARE(labels[static_cast<qsizetype>(i)].toString().toStdString(), harmless(tokens[i]));
        QCOMPARE(page.meta()["notices"].toArray()[1].toString(), QString("\\u2028{{data}}"));
        QVERIFY(page.notices.empty());  // the asker knows those of the run
    }

    void encoderDecoderPageHoldsThreeAttentions() {
        auto run = std::make_shared<AttentionRun>(*randomRun(2, 2, 4, false));
        run->target = randomRun(2, 2, 3)->input;
        run->sources = {run->sources.front(), randomRun(1, 2, 3)->sources.front(),
                        attentionFromText("1 0 0 0\n0 1 0 0\n0 0 .5 .5")};
        const Page page = pageOf(run);
        QCOMPARE(page.meta()["attentions"].toArray().size(), 3);
        QCOMPARE(page.attention(2)["keyTokens"].toArray().size(), 4);
        QCOMPARE(page.numbers(2, 0), (std::vector<float>{1, 0, 0, 0, 0, 1, 0, 0, 0, 0, .5F, .5F}));
    }

    void unknownColourMapIsRefused() {
        Session session;
        session.run = randomRun(1, 1, 2);
        ExportRequest request{.session = session};
        request.colormap = "jet";
        QVERIFY(!tried(request).ok());
        request.colormap = "diverging";
        QVERIFY(exported(request).meta()["colormaps"].toObject().contains("diverging"));
    }
};

QTEST_GUILESS_MAIN(HtmlExporterTest)
#include "html_exporter_test.moc"
