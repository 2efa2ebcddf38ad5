// The only place where filters and colours are set: combine, colour map, scale, range, threshold, hiding,
// renormalizing, units. Shows a ViewSettings and gives one back.
#pragma once

#include <QFrame>

#include "ui/state/view_settings.h"

class QCheckBox;
class QComboBox;
class QDoubleSpinBox;

namespace attnviz::ui {

class Segments;

class ViewBar final : public QFrame {
    Q_OBJECT
 public:
    explicit ViewBar(QWidget* parent = nullptr);
    void setView(const ViewSettings& view);  // without a signal

 signals:
    void viewChosen(const attnviz::ui::ViewSettings& view);

 private:
    void fillMaps();
    void emitChosen();
    void showRange();

    ViewSettings m_view;
    QComboBox *m_combine, *m_colormap, *m_range;
    Segments *m_scale, *m_units;
    QDoubleSpinBox *m_low, *m_high, *m_threshold;
    QCheckBox *m_special, *m_sinks, *m_renormalize;
    bool m_quiet = false;
};

}  // namespace attnviz::ui
