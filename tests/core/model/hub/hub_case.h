// A hub of this machine with one small model, a cache of the test's own, and what tests ask about both.
#pragma once

#include <QTemporaryDir>
#include <QtTest>
#include <fstream>
#include <iterator>

#include "core/model/hub/model_download.h"
#include "tests/support/hub_server.h"
#include "tests/support/safetensors_text.h"

namespace attnviz::test {

namespace fs = std::filesystem;

inline const std::string kCommit(40, 'a'), kOtherCommit(40, 'b');
inline const std::string kSecret = "hf_Canary0123456789";
inline constexpr unsigned kBoth = kWeightFiles | kTokenizerFiles;

inline std::string contentOf(const fs::path& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

// Weights of so many bytes.
inline std::string weights(std::size_t bytes) {
    return safetensors("{\"a\":{\"dtype\":\"U8\",\"shape\":[" + std::to_string(bytes) +
                           "],\"data_offsets\":[0," + std::to_string(bytes) + "]}}",
                       bytes);
}

class HubCase : public QObject {
 protected:
    QTemporaryDir m_folder;
    std::unique_ptr<HubServer> m_server;
    HubSettings m_settings;
    std::string m_weights;

    fs::path repository() const { return m_settings.cache / "models--org--small"; }
    fs::path snapshot() const { return repository() / "snapshots" / kCommit; }
    fs::path blobs() const { return repository() / "blobs"; }
    HubModel& model() { return m_server->models["org/small"]; }

    Result<fs::path> download(unsigned parts = kBoth, const char* name = "org/small",
                              std::stop_token stop = {}) {
        return downloadModel(m_settings, *parseHubName(name), parts, {}, std::move(stop));
    }
    void comes(unsigned parts = kBoth, const char* name = "org/small") {
        const auto folder = download(parts, name);
        QVERIFY2(folder.ok(), folder.ok() ? "" : folder.error().sentence().c_str());
        QCOMPARE(folder->string(), snapshot().string());
        if (parts & kWeightFiles) QCOMPARE(contentOf(snapshot() / "model.safetensors") == m_weights, true);
        QCOMPARE(leftOver(), std::size_t{0});
    }
    void fails(const char* part, ErrorKind kind, unsigned parts = kBoth, const char* name = "org/small") {
        const auto folder = download(parts, name);
        QVERIFY2(!folder.ok(), part);
        const auto sentence = QString::fromStdString(folder.error().sentence());
        QVERIFY2(sentence.contains(part), qPrintable(sentence));
        QVERIFY2(!sentence.contains("secret") && !sentence.contains("Canary"), qPrintable(sentence));
        QCOMPARE(static_cast<int>(folder.error().kind), static_cast<int>(kind));
    }
    // Files in the cache that are not whole.
    std::size_t leftOver() const {
        std::size_t count = 0;
        std::error_code none;
        for (const auto& entry : fs::directory_iterator(blobs(), none))
            if (entry.path().extension() == ".incomplete") ++count;
        return count;
    }
    fs::path partial(const std::string& digits) const {
        return blobs() / (sha256Of(m_weights) + ".attention-viz-" + digits + ".incomplete");
    }
    std::size_t count(const char* method, const std::string& file) const {
        std::size_t times = 0;
        for (const auto& request : m_server->requests())
            if (request.method == method && request.file() == file) ++times;
        return times;
    }
    std::vector<HubRequest> toStore() const {
        std::vector<HubRequest> found;
        for (const auto& request : m_server->requests())
            if (request.store) found.push_back(request);
        return found;
    }

    void begin(const std::optional<HubCertificate>& certificate = {}) {
        m_server = std::make_unique<HubServer>(certificate);
        m_weights = weights(300'000);
        auto& small = model();
        small.commit = kCommit;
        small.files = {{"config.json", "{\"model_type\":\"gpt2\"}"},
                       {"generation_config.json", "{}"},
                       {"model.safetensors", m_weights},
                       {"tokenizer.json", "{\"model\":{}}"},
                       {"tokenizer_config.json", "{}"},
                       {"merges.txt", "#version: 0.2\n"},
                       {"README.md", "read me"},
                       {"pytorch_model.bin", "PK"},
                       {"tf_model.h5", "h5"}};
        m_settings = {};
        m_settings.cache = fs::path(m_folder.path().toStdString()) / QTest::currentTestFunction() /
                           (QTest::currentDataTag() ? QTest::currentDataTag() : "-") / "hub";
        m_settings.endpoint = m_server->endpoint();
        m_settings.retryDelay = std::chrono::milliseconds(5);
    }
};

}  // namespace attnviz::test
